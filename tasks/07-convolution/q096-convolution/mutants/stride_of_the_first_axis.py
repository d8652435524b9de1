# expect: conv2d fails
"""The first number of a stride serves both axes."""

layer = conv2d


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride = stride[0] if isinstance(stride, tuple) else stride
    return layer(x, weight, bias, stride, padding, dilation, groups)
