"""Double precision inside, the wanted dimension moved last, a loop over columns; the kernel has a state a lane."""

import math

import torch
import triton
import triton.language as tl


def weights_of(z):
    """The exponentials of the last dimension, each slice shifted by its largest entry."""
    if z.numel() == 0:
        return z
    top, _ = z.detach().max(-1)
    return (z - top.unsqueeze(-1)).exp()


def softmax(x, dim=-1):
    if x.ndim == 0:
        return softmax(x[None], 0)[0]
    e = weights_of(x.movedim(dim, -1).double())
    return (e * e.sum(-1, keepdim=True).reciprocal()).to(x.dtype).movedim(-1, dim)


def cross_entropy_grad(logits, target):
    if logits.ndim != 2 or target.ndim != 1 or target.shape[0] != logits.shape[0]:
        raise ValueError("shapes")
    if any(not 0 <= t < logits.shape[1] for t in target.tolist()):
        raise ValueError("classes")
    p = softmax(logits, 1).double()
    p = p.scatter_add(1, target[:, None], -torch.ones(len(target), 1, dtype=torch.float64))
    return (p / max(1, len(target))).to(logits.dtype)


def softmax_vjp(y, dy, dim=-1):
    if y.shape != dy.shape:
        raise ValueError("shapes")
    if y.ndim == 0:
        return torch.zeros_like(y)
    p, g = y.movedim(dim, -1).double(), dy.movedim(dim, -1).double()
    mean = torch.einsum("...i,...i->...", p, g).unsqueeze(-1)
    return (p * (g - mean)).to(y.dtype).movedim(-1, dim)


def temperature_softmax(x, temperature, dim=-1):
    if math.isnan(temperature) or temperature < 0:
        raise ValueError("temperature")
    if x.ndim == 0:
        return temperature_softmax(x[None], temperature, 0)[0]
    z = x.movedim(dim, -1).double()
    z = z - z.detach().amax(-1, keepdim=True)
    if temperature == 0:
        z = torch.where(z < 0, -math.inf, z)
    elif math.isinf(temperature):
        z = torch.where(z.isinf(), z, z * 0)
    else:
        z = z * (1 / temperature)
    e = z.exp()
    return (e / e.sum(-1, keepdim=True)).to(x.dtype).movedim(-1, dim)


def online_update(m, s, chunk):
    for column in chunk.unbind(-1):
        top = torch.maximum(m, column)
        kept = torch.where(m == top, 1.0, (m - top).exp())
        fresh = torch.where(column == top, 1.0, (column - top).exp())
        s = torch.where(top.isinf(), 0.0, s * kept + fresh).to(s.dtype)
        m = top
    return m.clone(), s.clone()


class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, soft):
        hard = torch.zeros_like(soft)
        hard[soft == soft.amax(-1, keepdim=True)] = 1
        return hard

    @staticmethod
    def backward(ctx, grad):
        return grad


def gumbel_softmax(logits, u, tau=1.0, hard=False):
    if logits.shape != u.shape:
        raise ValueError("shapes")
    if math.isnan(tau) or tau <= 0:
        raise ValueError("tau")
    exponential = -u.clamp_min(torch.finfo(u.dtype).tiny).double().log()
    e = weights_of((logits.double() - exponential.log()) / tau)
    soft = (e / e.sum(-1, keepdim=True)).to(logits.dtype)
    return StraightThrough.apply(soft) if hard else soft


@triton.jit
def softmax_kernel(out_ptr, x_ptr, out_stride, x_stride, n_cols, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    x_ptr += row * x_stride
    out_ptr += row * out_stride
    lanes = tl.arange(0, BLOCK)
    highest = tl.full([BLOCK], float("-inf"), tl.float32)
    sums = tl.zeros([BLOCK], tl.float32)
    for start in range(0, n_cols, BLOCK):
        cols = lanes + start
        x = tl.load(x_ptr + cols, mask=cols < n_cols, other=float("-inf")).to(tl.float32)
        higher = tl.maximum(highest, x)
        pivot = tl.where(higher == float("-inf"), 0.0, higher)
        sums = sums * tl.exp(highest - pivot) + tl.exp(x - pivot)
        highest = higher
    top = tl.max(highest, axis=0)
    pivot = tl.where(top == float("-inf"), 0.0, top)
    scale = 1.0 / tl.sum(sums * tl.exp(highest - pivot), axis=0)
    for start in range(0, n_cols, BLOCK):
        cols = lanes + start
        x = tl.load(x_ptr + cols, mask=cols < n_cols, other=float("-inf")).to(tl.float32)
        y = tl.exp(x - pivot) * scale
        tl.store(out_ptr + cols, y.to(out_ptr.dtype.element_ty), mask=cols < n_cols)


def softmax_triton(x):
    if len(x.shape) != 2:
        raise ValueError("rows and columns")
    rows, cols = x.shape
    out = x.new_empty(rows, cols)
    if rows * cols == 0:
        return out
    if cols > 1 and x.stride(1) != 1:
        x = x.clone(memory_format=torch.contiguous_format)
    block = 16
    while block < cols and block < 2048:
        block *= 2
    softmax_kernel[(rows,)](out, x, cols, x.stride(0), cols, BLOCK=block)
    return out
