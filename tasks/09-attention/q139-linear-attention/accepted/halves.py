"""Divide and conquer for the causal form, a column of ones for the denominator, scores in place of distances."""

import math

import torch
import torch.nn.functional as F


def with_ones(v):
    return F.pad(v, (0, 1), value=1.0)


def finish(extended):
    top, bottom = extended[..., :-1], extended[..., -1:]
    safe = torch.where(bottom == 0, torch.ones_like(bottom), bottom)
    return torch.where(bottom == 0, torch.zeros_like(top), top / safe)


def fit_or_raise(q, k, v, causal=False):
    fits = q.shape[:-2] == k.shape[:-2] and k.shape[:-1] == v.shape[:-1] and q.shape[-1] == k.shape[-1]
    if not fits or (causal and q.shape != k.shape):
        raise ValueError("q, k and v do not belong together")


def linear_attention(q, k, v, keep=None):
    fit_or_raise(q, k, v)
    if keep is not None:
        shown = keep.unsqueeze(-1)
        k = torch.where(shown, k, torch.zeros_like(k))
        v = torch.where(shown, v, torch.zeros_like(v))
    return finish(q @ (k.transpose(-2, -1) @ with_ones(v)))


def kernel_features(x, kind, w=None):
    if kind == "elu+1":
        above = (x > 0).to(x.dtype)
        return above * (x + 1) + (1 - above) * torch.exp((1 - above) * x)
    if kind != "favor+" or w is None or w.ndim != 2 or w.shape[1] != x.shape[-1]:
        raise ValueError("kind or w")
    half = x.square().sum(-1, keepdim=True) / 2
    return (F.linear(x, w) - half - math.log(len(w)) / 2).exp()


def recurrent_step(q, k, v, state=None):
    if q.shape != k.shape or k.shape[:-1] != v.shape[:-1]:
        raise ValueError("shapes")
    wide = torch.float32 if v.dtype == torch.bfloat16 else v.dtype
    update = k.to(wide).unsqueeze(-1) * with_ones(v.to(wide)).unsqueeze(-2)
    if state is not None:
        update = update + torch.cat([state[0], state[1].unsqueeze(-1)], -1)
    out = finish((q.to(wide).unsqueeze(-2) @ update).squeeze(-2))
    return out.to(v.dtype), (update[..., :-1].clone(), update[..., -1].clone())


def halves(q, k, v):
    """Causal sums; the second half takes all of the first in by one state."""
    length = q.shape[-2]
    if length <= 64:
        return (q @ k.mT).tril() @ v
    middle = length // 2
    early = halves(q[..., :middle, :], k[..., :middle, :], v[..., :middle, :])
    late = halves(q[..., middle:, :], k[..., middle:, :], v[..., middle:, :])
    state = k[..., :middle, :].mT @ v[..., :middle, :]
    return torch.cat([early, late + q[..., middle:, :] @ state], -2)


def causal_attention(q, k, v):
    fit_or_raise(q, k, v, causal=True)
    return finish(halves(q, k, with_ones(v)))


def approximation_error(q, k, v, w):
    fit_or_raise(q, k, v)
    if w.ndim != 2 or w.shape[1] != q.shape[-1]:
        raise ValueError("w")
    root = q.shape[-1] ** 0.5
    weights = (q @ k.mT / root).exp()
    exact = weights @ v / weights.sum(-1, keepdim=True)
    near = linear_attention(*(kernel_features(x / root**0.5, "favor+", w) for x in (q, k)), v)
    return ((near - exact).square().sum((-2, -1)) / exact.square().sum((-2, -1))).sqrt()


def recall_curve(keys, values, rule="sum"):
    if keys.ndim != 2 or values.ndim != 2 or keys.shape[0] != values.shape[0]:
        raise ValueError("pairs")
    unit = keys.double() / keys.double().square().sum(1, keepdim=True).sqrt()
    values = values.double()
    if rule == "delta":
        # what each pair really writes, given all that was written before it
        written = torch.zeros_like(values)
        for i in range(len(values)):
            written[i] = values[i] - (unit[:i] @ unit[i]) @ written[:i]
    elif rule == "sum":
        written = values
    else:
        raise ValueError("rule")
    overlap, curve = unit @ unit.T, torch.zeros(len(keys), dtype=keys.dtype)
    for n in range(1, len(keys) + 1):
        answers = overlap[:n, :n] @ written[:n]
        score = answers @ values[:n].T - values[:n].square().sum(1) / 2  # largest where the distance is smallest
        curve[n - 1] = (score.argmax(1) == torch.arange(n)).double().mean()
    return curve


def chunked_attention(q, k, v, chunk, state=None):
    fit_or_raise(q, k, v, causal=True)
    if chunk < 1:
        raise ValueError("chunk")
    length, lead = q.shape[-2], q.shape[:-2]
    v = with_ones(v)
    if state is None:
        start = v.new_zeros(*lead, k.shape[-1], v.shape[-1])
    else:
        start = torch.cat([state[0], state[1].unsqueeze(-1)], -1)
    whole = length // chunk * chunk
    outs, last = [], start
    if whole:
        a, b, c = (x[..., :whole, :].reshape(*lead, whole // chunk, chunk, x.shape[-1]) for x in (q, k, v))
        sums = torch.einsum("...cm,...cv->...mv", b, c)
        running = start.unsqueeze(-3) + sums.cumsum(-3)
        before = torch.cat([start.unsqueeze(-3), running[..., :-1, :, :]], -3)
        inside = torch.einsum("...im,...jm->...ij", a, b).tril() @ c
        outs.append((inside + a @ before).flatten(-3, -2))
        last = running[..., -1, :, :]
    if whole < length:
        a, b, c = (x[..., whole:, :] for x in (q, k, v))
        outs.append((a @ b.mT).tril() @ c + a @ last)
        last = last + b.mT @ c
    out = finish(torch.cat(outs, -2)) if outs else v[..., :-1].clone()
    return out, (last[..., :-1].clone(), last[..., -1].clone())
