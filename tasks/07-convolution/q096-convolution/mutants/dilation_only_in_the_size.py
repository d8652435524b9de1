# expect: conv2d wrong_value
"""Dilation makes the answer smaller, and the elements of the kernel stay neighbours."""

columns_of = _columns


def _columns(x, kernel, size, stride, padding, dilation):
    return columns_of(x, kernel, size, stride, padding, (1, 1))
