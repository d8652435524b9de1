# expect: conv2d wrong_value
"""Channels are dealt out to the groups in turn."""

layer = conv2d


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    if groups > 1 and x.shape[1] % groups == 0:
        x = x.unflatten(1, (-1, groups)).transpose(1, 2).flatten(1, 2)
    return layer(x, weight, bias, stride, padding, dilation, groups)
