# expect: conv2d wrong_value
"""Zeros are added in front, twice as many, so that the size is right."""

columns_of = _columns


def _columns(x, kernel, size, stride, padding, dilation):
    x = F.pad(x, (2 * padding[1], 0, 2 * padding[0], 0))
    return columns_of(x, kernel, size, stride, (0, 0), dilation)
