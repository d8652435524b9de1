# expect: conv2d wrong_value
"""A convolution flips its kernel, as in the textbook."""

layer = conv2d


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return layer(x, weight.flip(-2, -1), bias, stride, padding, dilation, groups)
