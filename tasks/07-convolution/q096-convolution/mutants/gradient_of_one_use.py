# expect: conv2d bad_gradient
"""Windows overlap, but each pixel is thought to belong to the window it starts."""

columns_of = _columns


def _columns(x, kernel, size, stride, padding, dilation):
    columns = columns_of(x.detach(), kernel, size, stride, padding, dilation)
    return columns + 0 * x.sum()
