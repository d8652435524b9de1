# expect: conv2d wrong_value
"""Products are accumulated in float32, which is what accelerators do."""

layer = conv2d


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    bias = None if bias is None else bias.float()
    return layer(x.float(), weight.float(), bias, stride, padding, dilation, groups).to(x.dtype)
