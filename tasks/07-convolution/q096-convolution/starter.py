"""Convolution by hand: the layer, the operation in mathematics, its sizes, its matrix and what dilation reaches."""

from collections.abc import Sequence

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
    raise NotImplementedError


def output_size(n: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """How many outputs a convolution has along one axis of `n` inputs.

    Raises:
        ValueError: an argument is out of range, or the kernel does not fit.
    """
    raise NotImplementedError


def convolve2d(x: Tensor, kernel: Tensor, mode: str = "full", flip: bool = True) -> Tensor:
    """Convolution as mathematics has it, or without the flip cross-correlation, of two matrices.

    Raises:
        ValueError: an argument is no matrix or is empty, the mode is unknown, or the kernel does not fit.
    """
    raise NotImplementedError


def same_padding(n: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """The least padding, left and right, for which one of every `stride` inputs, rounded up, has an output.

    Raises:
        ValueError: an argument is less than 1.
    """
    raise NotImplementedError


def conv_matrix(weight: Tensor, height: int, width: int, stride: int = 1, padding: int = 0) -> Tensor:
    """The matrix of the dense layer that does what a convolution does to flattened images of one size.

    Raises:
        ValueError: `weight` has not four dimensions, a setting is out of range, or the kernel does not fit.
    """
    raise NotImplementedError


def path_counts(layers: Sequence[tuple[int, int, int]]) -> list[int]:
    """On how many paths each input of the receptive field reaches one output of a stack of layers.

    Raises:
        ValueError: a kernel size, stride or dilation is less than 1.
    """
    raise NotImplementedError


def input_sizes(out: int, layers: Sequence[tuple[int, int, int, int]]) -> tuple[int, int]:
    """The smallest and the largest input of which a stack of layers makes exactly `out` outputs.

    Raises:
        ValueError: an argument is out of range, or there is no such input.
    """
    raise NotImplementedError
