# expect: conv2d forbidden
"""Windows come from the library, and only the product is left to do."""


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    columns = F.unfold(x, weight.shape[2:], dilation, padding, stride)
    height = output_size(x.shape[2], weight.shape[2], _pair(stride)[0], _pair(padding)[0], _pair(dilation)[0])
    out = (weight.flatten(1) @ columns).unflatten(2, (height, -1))
    return out if bias is None else out + bias[:, None, None]
