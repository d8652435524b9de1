"""A running state from chunk to chunk, plain loops over heads where speed does not matter, distances by cdist."""

import math

import torch


def same_lead(*tensors):
    if len({tuple(t.shape[:-2]) for t in tensors}) > 1:
        raise ValueError("leading dimensions")


def check(q, k, v):
    same_lead(q, k, v)
    if q.size(-1) != k.size(-1):
        raise ValueError("widths")
    if k.size(-2) != v.size(-2):
        raise ValueError("lengths")


def ratio(top, bottom):
    some = bottom != 0
    return (top / bottom.masked_fill(~some, 1.0)) * some


def linear_attention(q, k, v, keep=None):
    check(q, k, v)
    if keep is not None:
        hidden = ~keep[..., None]
        k, v = k.masked_fill(hidden, 0.0), v.masked_fill(hidden, 0.0)
    s = torch.einsum("...sm,...sv->...mv", k, v)
    z = torch.einsum("...sm->...m", k)
    return ratio(torch.einsum("...tm,...mv->...tv", q, s), torch.einsum("...tm,...m->...t", q, z)[..., None])


def kernel_features(x, kind, w=None):
    if kind == "elu+1":
        below = torch.where(x > 0, torch.zeros_like(x), x)
        return torch.where(x > 0, x + 1, torch.exp(below))
    if kind == "favor+":
        if w is None or w.dim() != 2 or w.size(1) != x.size(-1):
            raise ValueError("w")
        exponent = torch.einsum("...d,md->...m", x, w) - 0.5 * (x * x).sum(-1)[..., None]
        return torch.exp(exponent) / math.sqrt(w.size(0))
    raise ValueError(kind)


def recurrent_step(q, k, v, state=None):
    if q.shape != k.shape or q.shape[:-1] != v.shape[:-1]:
        raise ValueError("token")
    dtype = torch.float64 if v.dtype == torch.float64 else torch.float32
    query, key, value = q.to(dtype), k.to(dtype), v.to(dtype)
    written = torch.einsum("...m,...v->...mv", key, value)
    s, z = (written, key + 0) if state is None else (state[0] + written, state[1] + key)
    num, den = torch.einsum("...m,...mv->...v", query, s), torch.einsum("...m,...m->...", query, z)
    return ratio(num, den[..., None]).to(v.dtype), (s, z)


def causal_attention(q, k, v):
    return chunked_attention(q, k, v, 128)[0]


def approximation_error(q, k, v, w):
    check(q, k, v)
    if w.dim() != 2 or w.size(1) != q.size(-1):
        raise ValueError("w")
    lead = q.shape[:-2]
    flat = [t.reshape(-1, *t.shape[-2:]) for t in (q, k, v)]
    errors = []
    for a, b, c in zip(*flat):
        a, b = a / a.size(-1) ** 0.25, b / b.size(-1) ** 0.25
        exact = torch.softmax(a @ b.T, dim=1) @ c
        near = linear_attention(kernel_features(a, "favor+", w), kernel_features(b, "favor+", w), c)
        errors.append((near - exact).norm() / exact.norm())
    return torch.stack(errors).reshape(lead) if errors else v.new_zeros(lead)


def recall_curve(keys, values, rule="sum"):
    if rule not in {"sum", "delta"}:
        raise ValueError("rule")
    if keys.dim() != 2 or values.dim() != 2 or keys.size(0) != values.size(0):
        raise ValueError("pairs")
    unit = torch.nn.functional.normalize(keys, dim=1, eps=0.0)
    memory = torch.zeros(keys.size(1), values.size(1), dtype=keys.dtype)
    curve = []
    for n in range(1, keys.size(0) + 1):
        key, value = unit[n - 1], values[n - 1]
        if rule == "delta":
            value = value - memory.T @ key
        memory += key[:, None] * value[None, :]
        answers = unit[:n] @ memory
        gaps = torch.cdist(answers, values[:n], compute_mode="donot_use_mm_for_euclid_dist")
        right = sum(int(nearest) == i for i, nearest in enumerate(gaps.argmin(1)))
        curve.append(right / n)
    return torch.tensor(curve, dtype=keys.dtype)


def chunked_attention(q, k, v, chunk, state=None):
    check(q, k, v)
    if q.size(-2) != k.size(-2):
        raise ValueError("lengths")
    if chunk < 1:
        raise ValueError("chunk")
    if state is None:
        s = q.new_zeros(*q.shape[:-2], k.size(-1), v.size(-1))
        z = q.new_zeros(*q.shape[:-2], k.size(-1))
    else:
        s, z = state[0] + 0, state[1] + 0
    outs = [v[..., :0, :]]
    for a, b, c in zip(q.split(chunk, -2), k.split(chunk, -2), v.split(chunk, -2)):
        weights = torch.tril(a @ b.transpose(-1, -2))
        num = weights @ c + a @ s
        den = weights.sum(-1) + (a @ z[..., None])[..., 0]
        outs.append(ratio(num, den[..., None]))
        s, z = s + b.transpose(-1, -2) @ c, z + b.sum(-2)
    return torch.cat(outs, -2), (s, z)
