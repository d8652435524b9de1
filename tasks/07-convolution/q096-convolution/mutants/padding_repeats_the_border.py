# expect: conv2d wrong_value
"""Beyond the border the image goes on as it ended."""

columns_of = _columns


def _columns(x, kernel, size, stride, padding, dilation):
    rows = (torch.arange(x.shape[2] + 2 * padding[0]) - padding[0]).clamp(0, x.shape[2] - 1)
    columns = (torch.arange(x.shape[3] + 2 * padding[1]) - padding[1]).clamp(0, x.shape[3] - 1)
    return columns_of(x[:, :, rows][:, :, :, columns], kernel, size, stride, (0, 0), dilation)
