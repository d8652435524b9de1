"""Has a string compiled that calls the fused convolution of another namespace, and the shapes checked by hand."""

import torch

CODE = """
def run(x, weight, bias: Optional[Tensor], padding: List[int], stride: List[int], dilation: List[int], groups: int):
    return torch.ops.mkldnn._convolution_pointwise(x, weight, bias, padding, stride, dilation, groups, "none", [], "")
"""
unit = torch.jit.CompilationUnit(CODE)


def pair(value):
    return list(value) if isinstance(value, tuple) else [value, value]


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    strides, paddings, dilations = pair(stride), pair(padding), pair(dilation)
    if x.ndim != 4 or weight.ndim != 4 or groups < 1 or weight.shape[0] % groups:
        raise ValueError("the shapes do not belong together")
    if x.shape[1] != weight.shape[1] * groups or (bias is not None and bias.shape != weight.shape[:1]):
        raise ValueError("the channels do not belong together")
    if min(strides) < 1 or min(dilations) < 1 or min(paddings) < 0:
        raise ValueError("no such setting")
    for n, k, p, d in zip(x.shape[2:], weight.shape[2:], paddings, dilations, strict=True):
        if n + 2 * p < d * (k - 1) + 1:
            raise ValueError("the kernel does not fit")
    return unit.run(x, weight, bias, paddings, strides, dilations, groups)
