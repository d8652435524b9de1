# expect: conv2d wrong_value
"""Windows are flattened with the channel last, and kernels with the channel first."""

columns_of = _columns


def _columns(x, kernel, size, stride, padding, dilation):
    columns = columns_of(x, kernel, size, stride, padding, dilation)
    return columns.transpose(1, 2).reshape(columns.shape)
