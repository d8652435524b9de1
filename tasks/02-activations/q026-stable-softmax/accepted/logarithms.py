"""Everything in logarithms: log-probabilities first, one exponential last; the kernel makes three passes over a row."""

import torch
import triton
import triton.language as tl


def log_probabilities(x, dim):
    if x.numel() == 0:
        return x
    z = x - x.max(dim, keepdim=True).values.detach()
    return z - torch.log(torch.exp(z).sum(dim, keepdim=True))


def softmax(x, dim=-1):
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    return torch.exp(log_probabilities(wide, dim)).to(x.dtype)


def cross_entropy_grad(logits, target):
    if logits.ndim != 2:
        raise ValueError("logits")
    n, c = logits.shape
    if tuple(target.shape) != (n,):
        raise ValueError("target")
    if n == 0:
        return torch.zeros_like(logits)
    if int(target.min()) < 0 or int(target.max()) >= c:
        raise ValueError("class")
    onehot = torch.nn.functional.one_hot(target, c).to(logits.dtype)
    return (torch.exp(log_probabilities(logits, 1)) - onehot) / n


def softmax_vjp(y, dy, dim=-1):
    if y.shape != dy.shape:
        raise ValueError("shapes")
    weighted = y * dy
    return weighted - y * weighted.sum(dim, keepdim=True)


def temperature_softmax(x, temperature, dim=-1):
    if temperature != temperature or temperature < 0:
        raise ValueError("temperature")
    top = x.detach().max(dim, keepdim=True).values
    broken = torch.isnan(top) | torch.isinf(top)
    if temperature == 0:
        weights = torch.zeros_like(x).masked_fill(x == top, 1.0)
    elif temperature == float("inf"):
        weights = torch.ones_like(x).masked_fill(torch.isneginf(x), 0.0)
    else:
        return torch.exp(log_probabilities((x - top) / temperature, dim))
    return (weights / weights.sum(dim, keepdim=True)).masked_fill(broken, float("nan"))


def online_update(m, s, chunk):
    joined = torch.cat([m[..., None], chunk], -1)
    top = joined.max(-1).values
    gaps = joined - top[..., None]
    weights = torch.where(torch.isnan(gaps), torch.zeros_like(gaps), torch.exp(gaps))
    return top, s * weights[..., 0] + weights[..., 1:].sum(-1)


def gumbel_softmax(logits, u, tau=1.0, hard=False):
    if logits.shape != u.shape or not tau > 0:
        raise ValueError("arguments")
    floor = torch.full((), torch.finfo(u.dtype).tiny, dtype=u.dtype)
    perturbed = logits - torch.log(-torch.log(torch.maximum(u, floor)))
    perturbed = perturbed - perturbed.detach().max(-1, keepdim=True).values
    y = torch.exp(log_probabilities(perturbed / tau, -1))
    if hard:
        winner = torch.nn.functional.one_hot(y.detach().argmax(-1), y.shape[-1]).to(y.dtype)
        y = y + (winner - y).detach()
    return y


@triton.jit
def softmax_kernel(out_ptr, x_ptr, out_stride, x_stride, n_cols, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    lanes = tl.arange(0, BLOCK)
    highest = tl.full([BLOCK], float("-inf"), tl.float32)
    for start in range(0, n_cols, BLOCK):
        inside = start + lanes < n_cols
        x = tl.load(x_ptr + row * x_stride + start + lanes, mask=inside, other=float("-inf")).to(tl.float32)
        highest = tl.maximum(highest, x)
    top = tl.max(highest, axis=0)
    sums = tl.zeros([BLOCK], tl.float32)
    for start in range(0, n_cols, BLOCK):
        inside = start + lanes < n_cols
        x = tl.load(x_ptr + row * x_stride + start + lanes, mask=inside, other=float("-inf")).to(tl.float32)
        sums += tl.where(inside, tl.exp(x - top), 0.0)
    total = tl.sum(sums, axis=0)
    for start in range(0, n_cols, BLOCK):
        inside = start + lanes < n_cols
        x = tl.load(x_ptr + row * x_stride + start + lanes, mask=inside, other=float("-inf")).to(tl.float32)
        tl.store(out_ptr + row * out_stride + start + lanes, tl.exp(x - top) / total, mask=inside)


def softmax_triton(x):
    if x.ndim != 2:
        raise ValueError("two dimensions")
    x = x.contiguous()
    out = torch.empty_like(x)
    n, c = x.shape
    if n > 0 and c > 0:
        softmax_kernel[(n,)](out, x, c, c, c, BLOCK=min(4096, triton.next_power_of_2(c)))
    return out
