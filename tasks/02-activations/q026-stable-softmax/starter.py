"""Softmax: fill in each function; helpers of your own are welcome."""

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    """Turn logits into probabilities along `dim`.

    Args:
        x: floating-point logits of any shape.
        dim: the dimension that becomes a distribution.

    Returns:
        Probabilities of the shape and dtype of `x`; float16 and bfloat16 are computed in float32.
    """
    raise NotImplementedError


def cross_entropy_grad(logits: Tensor, target: Tensor) -> Tensor:
    """Give the gradient of the mean cross-entropy of softmax(logits) with respect to the logits.

    Args:
        logits: one row of scores for each example, shape (N, C).
        target: the right class of each example, int64, shape (N,).

    Returns:
        The gradient, shape (N, C).

    Raises:
        ValueError: the shapes do not fit, or a target is not a class.
    """
    raise NotImplementedError


def softmax_vjp(y: Tensor, dy: Tensor, dim: int = -1) -> Tensor:
    """Pull a gradient back through softmax.

    Args:
        y: probabilities, the output of softmax along `dim`.
        dy: the gradient of a loss with respect to `y`, of the same shape.
        dim: the dimension softmax was taken along.

    Returns:
        The gradient of that loss with respect to the logits.

    Raises:
        ValueError: `y` and `dy` differ in shape.
    """
    raise NotImplementedError


def temperature_softmax(x: Tensor, temperature: float, dim: int = -1) -> Tensor:
    """Softmax of x / temperature, with its limits at zero and at infinity.

    Args:
        x: floating-point logits.
        temperature: zero or more, infinity included.
        dim: the dimension that becomes a distribution.

    Returns:
        Probabilities of the shape and dtype of `x`.

    Raises:
        ValueError: the temperature is negative or NaN.
    """
    raise NotImplementedError


def online_update(m: Tensor, s: Tensor, chunk: Tensor) -> tuple[Tensor, Tensor]:
    """Take one more chunk of logits into the running maximum and the running sum.

    Args:
        m: the largest logit so far, shape (...); -inf before the first.
        s: the sum of exp(logit - m) so far, shape (...); 0 before the first.
        chunk: further logits, shape (..., k).

    Returns:
        The new `m` and `s`.
    """
    raise NotImplementedError


def gumbel_softmax(logits: Tensor, u: Tensor, tau: float = 1.0, hard: bool = False) -> Tensor:
    """Draw a differentiable sample from softmax(logits), along the last dimension.

    Args:
        logits: scores, shape (..., C).
        u: uniform noise in [0, 1), of the same shape.
        tau: the temperature of the sample, above zero.
        hard: give a one-hot sample with the gradient of the soft one.

    Returns:
        The sample, shape (..., C).

    Raises:
        ValueError: the shapes differ, or `tau` is not above zero.
    """
    raise NotImplementedError


def softmax_triton(x: Tensor) -> Tensor:
    """Softmax of each row by a Triton kernel of your own, `softmax_kernel`, launched once.

    Args:
        x: logits, shape (N, C), float32, float16 or bfloat16.

    Returns:
        Probabilities, shape (N, C), of the dtype of `x`.

    Raises:
        ValueError: `x` is not two-dimensional.
    """
    raise NotImplementedError
