"""Convolution by hand: the layer, the operation in mathematics, its sizes, its matrix and what dilation reaches."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Tensor:
    """The convolution layer of deep learning: every output is the product of a window with a kernel, summed.

    Raises:
        ValueError: the shapes do not belong together, a setting is out of range, or the kernel does not fit.
    """
    _check_shapes(x, weight, bias, groups)
    strides, paddings, dilations = _pair(stride), _pair(padding), _pair(dilation)
    height, width = (
        output_size(n, k, s, p, d)
        for n, k, s, p, d in zip(x.shape[2:], weight.shape[2:], strides, paddings, dilations, strict=True)
    )
    columns = _columns(x, weight.shape[2:], (height, width), strides, paddings, dilations)
    columns = columns.reshape(len(x), groups, weight[0].numel(), height * width)
    kernels = weight.reshape(groups, weight.shape[0] // groups, weight[0].numel())
    out = (kernels @ columns).reshape(len(x), weight.shape[0], height, width)
    return out if bias is None else out + bias[:, None, None]


def _check_shapes(x: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> None:
    if x.ndim != 4 or weight.ndim != 4:
        raise ValueError("x and weight must have four dimensions")
    if groups < 1 or weight.shape[0] % groups or x.shape[1] != weight.shape[1] * groups:
        raise ValueError("channels do not divide into these groups")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError("bias must have one element for each output channel")


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """A setting for height and width."""
    return value if isinstance(value, tuple) else (value, value)


def _columns(
    x: Tensor,
    kernel: Sequence[int],
    size: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
) -> Tensor:
    """What each element of the kernel meets at each place: [N, C, kh * kw, height, width]."""
    x = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
    return torch.stack(
        [
            x[:, :, _places(u, size[0], stride[0], dilation[0]), _places(v, size[1], stride[1], dilation[1])]
            for u in range(kernel[0])
            for v in range(kernel[1])
        ],
        dim=2,
    )


def _places(tap: int, count: int, stride: int, dilation: int) -> slice:
    """The positions that one element of the kernel meets."""
    start = tap * dilation
    return slice(start, start + (count - 1) * stride + 1, stride)


def output_size(n: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """How many outputs a convolution has along one axis of `n` inputs.

    Raises:
        ValueError: an argument is out of range, or the kernel does not fit.
    """
    if min(n, kernel, stride, dilation) < 1 or padding < 0:
        raise ValueError("sizes, stride and dilation must be at least 1, padding at least 0")
    room = n + 2 * padding - (dilation * (kernel - 1) + 1)
    if room < 0:
        raise ValueError("the kernel is larger than the padded input")
    return room // stride + 1


def convolve2d(x: Tensor, kernel: Tensor, mode: str = "full", flip: bool = True) -> Tensor:
    """Convolution as mathematics has it, or without the flip cross-correlation, of two matrices.

    Raises:
        ValueError: an argument is no matrix or is empty, the mode is unknown, or the kernel does not fit.
    """
    if x.ndim != 2 or kernel.ndim != 2 or x.numel() == 0 or kernel.numel() == 0:
        raise ValueError("x and kernel must be matrices and not empty")
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"unknown mode: {mode!r}")
    (height, width), (kh, kw) = x.shape, kernel.shape
    if mode == "valid" and (kh > height or kw > width):
        raise ValueError("the kernel is larger than the input")
    if not flip:
        kernel = kernel.flip(0, 1)
    full = x.new_zeros(height + kh - 1, width + kw - 1)
    for u in range(kh):
        for v in range(kw):
            full[u : u + height, v : v + width] += kernel[u, v] * x
    if mode == "same":
        top, left = (kh - 1) // 2, (kw - 1) // 2
        return full[top : top + height, left : left + width].clone()
    return full if mode == "full" else full[kh - 1 : height, kw - 1 : width].clone()


def same_padding(n: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """The least padding, left and right, for which one of every `stride` inputs, rounded up, has an output.

    Raises:
        ValueError: an argument is less than 1.
    """
    if min(n, kernel, stride, dilation) < 1:
        raise ValueError("all arguments must be at least 1")
    outputs = -(-n // stride)
    total = max(0, (outputs - 1) * stride + dilation * (kernel - 1) + 1 - n)
    return total // 2, total - total // 2


def conv_matrix(weight: Tensor, height: int, width: int, stride: int = 1, padding: int = 0) -> Tensor:
    """The matrix of the dense layer that does what a convolution does to flattened images of one size.

    Raises:
        ValueError: `weight` has not four dimensions, a setting is out of range, or the kernel does not fit.
    """
    if weight.ndim != 4:
        raise ValueError("weight must have four dimensions")
    outputs, channels, kh, kw = weight.shape
    rows = output_size(height, kh, stride, padding), output_size(width, kw, stride, padding)
    (i, j), (u, v) = (torch.meshgrid(*map(torch.arange, s), indexing="ij") for s in (rows, (kh, kw)))
    y = (i * stride - padding).reshape(-1, 1) + u.reshape(1, -1)
    x = (j * stride - padding).reshape(-1, 1) + v.reshape(1, -1)
    place, tap = torch.nonzero((y >= 0) & (y < height) & (x >= 0) & (x < width), as_tuple=True)
    matrix = weight.new_zeros(outputs, rows[0] * rows[1], channels, height * width)
    values = weight.flatten(2)[:, :, tap].permute(2, 0, 1)
    matrix[:, place, :, (y * width + x)[place, tap]] = values
    return matrix.reshape(outputs * rows[0] * rows[1], channels * height * width)


def path_counts(layers: Sequence[tuple[int, int, int]]) -> list[int]:
    """On how many paths each input of the receptive field reaches one output of a stack of layers.

    Raises:
        ValueError: a kernel size, stride or dilation is less than 1.
    """
    counts, jump = [1], 1
    for kernel, stride, dilation in layers:
        if min(kernel, stride, dilation) < 1:
            raise ValueError("kernel, stride and dilation must be at least 1")
        step = jump * dilation
        wider = [0] * (len(counts) + step * (kernel - 1))
        for tap in range(kernel):
            for position, count in enumerate(counts):
                wider[position + tap * step] += count
        counts, jump = wider, jump * stride
    return counts


def input_sizes(out: int, layers: Sequence[tuple[int, int, int, int]]) -> tuple[int, int]:
    """The smallest and the largest input of which a stack of layers makes exactly `out` outputs.

    Raises:
        ValueError: an argument is out of range, or there is no such input.
    """
    if out < 1:
        raise ValueError("out must be at least 1")
    least = most = out
    for kernel, stride, padding, dilation in reversed(layers):
        if min(kernel, stride, dilation) < 1 or padding < 0:
            raise ValueError("kernel, stride and dilation must be at least 1, padding at least 0")
        span = dilation * (kernel - 1) + 1 - 2 * padding
        least, most = max(1, (least - 1) * stride + span), most * stride - 1 + span
        if most < 1:
            raise ValueError("no input is that small")
    return least, most
