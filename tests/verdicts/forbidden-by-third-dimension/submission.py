"""Has a string compiled that calls a convolution of three dimensions, one of which is a single place wide."""

import torch

CODE = """
def run(x, weight, kernel: List[int], bias: Optional[Tensor], padding: List[int]):
    return torch.ops.aten.slow_conv_dilated3d(x, weight, kernel, bias, [1, 1, 1], padding, [1, 1, 1])
"""
unit = torch.jit.CompilationUnit(CODE)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    paddings = list(padding) if isinstance(padding, tuple) else [padding, padding]
    kernel = [1, *weight.shape[2:]]
    return unit.run(x.unsqueeze(2), weight.unsqueeze(2), kernel, bias, [0, *paddings]).squeeze(2)
