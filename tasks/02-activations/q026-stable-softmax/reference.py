"""Softmax: the function, its two gradients, temperature, one pass over chunks, differentiable sampling, a kernel."""

import math

import torch
import triton
import triton.language as tl
from torch import Tensor

#: Longer rows are taken in several blocks, so that a block fits into registers.
LARGEST_BLOCK = 8192


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    """Turn logits into probabilities along `dim`.

    Args:
        x: floating-point logits of any shape.
        dim: the dimension that becomes a distribution.

    Returns:
        Probabilities of the shape and dtype of `x`; float16 and bfloat16 are computed in float32.
    """
    half = x.dtype in (torch.float16, torch.bfloat16)
    weights = _shifted(x.float() if half else x, dim).exp()
    return _normalised(weights, dim).to(x.dtype)


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
    if logits.dim() != 2 or target.shape != logits.shape[:1]:
        raise ValueError(f"logits must be (N, C) and target (N,), got {logits.shape} and {target.shape}")
    examples, classes = logits.shape
    if ((target < 0) | (target >= classes)).any():
        raise ValueError(f"targets must lie in 0..{classes - 1}")
    grad = _normalised(_shifted(logits, dim=1).exp(), dim=1)
    grad[torch.arange(examples), target] -= 1
    return grad / examples


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
    if y.shape != dy.shape:
        raise ValueError(f"y and dy must have one shape, got {y.shape} and {dy.shape}")
    return y * (dy - (y * dy).sum(dim, keepdim=True))


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
    if not temperature >= 0:
        raise ValueError(f"temperature must be zero or more, got {temperature}")
    shifted = _shifted(x, dim)
    if temperature == 0:
        weights = (shifted == 0).to(x.dtype)
    elif temperature == math.inf:
        weights = (shifted > -math.inf).to(x.dtype)
    else:
        weights = (shifted / temperature).exp()
    return _normalised(weights, dim)


def online_update(m: Tensor, s: Tensor, chunk: Tensor) -> tuple[Tensor, Tensor]:
    """Take one more chunk of logits into the running maximum and the running sum.

    Args:
        m: the largest logit so far, shape (...); -inf before the first.
        s: the sum of exp(logit - m) so far, shape (...); 0 before the first.
        chunk: further logits, shape (..., k).

    Returns:
        The new `m` and `s`.
    """
    if chunk.size(-1) == 0:
        return m.clone(), s.clone()
    top = torch.maximum(m, chunk.amax(-1))
    pivot = torch.where(top == -math.inf, 0.0, top)
    added = (chunk - pivot.unsqueeze(-1)).exp().sum(-1)
    return top, s * (m - pivot).exp() + added


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
    if logits.shape != u.shape:
        raise ValueError(f"logits and u must have one shape, got {logits.shape} and {u.shape}")
    if not tau > 0:
        raise ValueError(f"tau must be above zero, got {tau}")
    noise = -(-u.clamp(min=torch.finfo(u.dtype).tiny).log()).log()
    soft = _normalised((_shifted(logits + noise, dim=-1) / tau).exp(), dim=-1)
    if not hard:
        return soft
    one_hot = torch.zeros_like(soft).scatter(-1, soft.argmax(-1, keepdim=True), 1.0)
    return one_hot + (soft - soft.detach())


@triton.jit
def softmax_kernel(out_ptr, x_ptr, out_stride, x_stride, n_cols, BLOCK: tl.constexpr):
    """Write softmax of one row of `x_ptr` to `out_ptr`; program i has row i, strides are in elements."""
    row = tl.program_id(0).to(tl.int64)  # the product with a stride may not fit into 32 bits
    x_row, out_row = x_ptr + row * x_stride, out_ptr + row * out_stride
    top = float("-inf")
    total = 0.0
    for start in range(0, n_cols, BLOCK):
        cols = start + tl.arange(0, BLOCK)
        x = tl.load(x_row + cols, mask=cols < n_cols, other=float("-inf")).to(tl.float32)
        higher = tl.maximum(top, tl.max(x, axis=0))
        pivot = tl.where(higher == float("-inf"), 0.0, higher)
        total = total * tl.exp(top - pivot) + tl.sum(tl.exp(x - pivot), axis=0)
        top = higher
    pivot = tl.where(top == float("-inf"), 0.0, top)
    for start in range(0, n_cols, BLOCK):
        cols = start + tl.arange(0, BLOCK)
        x = tl.load(x_row + cols, mask=cols < n_cols, other=float("-inf")).to(tl.float32)
        y = tl.exp(x - pivot) / total
        tl.store(out_row + cols, y.to(out_ptr.dtype.element_ty), mask=cols < n_cols)


def softmax_triton(x: Tensor) -> Tensor:
    """Softmax of each row by a Triton kernel of your own, `softmax_kernel`, launched once.

    Args:
        x: logits, shape (N, C), float32, float16 or bfloat16.

    Returns:
        Probabilities, shape (N, C), of the dtype of `x`.

    Raises:
        ValueError: `x` is not two-dimensional.
    """
    if x.dim() != 2:
        raise ValueError(f"x must be (N, C), got {tuple(x.shape)}")
    if x.stride(1) != 1:
        x = x.contiguous()
    out = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    if out.numel():
        rows, cols = x.shape
        block = min(triton.next_power_of_2(cols), LARGEST_BLOCK)
        softmax_kernel[(rows,)](out, x, out.stride(0), x.stride(0), cols, BLOCK=block)
    return out


def _shifted(x: Tensor, dim: int) -> Tensor:
    """Logits less the largest along `dim`: no exponential overflows, and their sum is at least 1."""
    return x - x.detach().amax(dim, keepdim=True) if x.numel() else x


def _normalised(weights: Tensor, dim: int) -> Tensor:
    """Weights scaled to sum to 1 along `dim`."""
    return weights / weights.sum(dim, keepdim=True)
