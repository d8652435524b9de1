# expect: conv2d exception
"""F.pad takes height before width."""

columns_of = _columns


def _columns(x, kernel, size, stride, padding, dilation):
    x = F.pad(x, (padding[0], padding[0], padding[1], padding[1]))
    return columns_of(x, kernel, size, stride, (0, 0), dilation)
