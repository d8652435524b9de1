# expect: conv2d exception
"""A bias is simply added, and broadcasts along the last axis."""

layer = conv2d


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    out = layer(x, weight, None, stride, padding, dilation, groups)
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError("bias must have one element for each output channel")
    return out if bias is None else out + bias
