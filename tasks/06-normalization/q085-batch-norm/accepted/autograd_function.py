"""A hand-written backward pass, einsum, matrices of eigenvalues and quantiles, sums kept in Python."""

import math

import numpy as np
import torch
from torch import nn


class Normalise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        n, c, h, w = x.shape
        rows = x.permute(1, 0, 2, 3).reshape(c, -1)
        mean = rows.mean(1, keepdim=True)
        rows = rows - mean
        var = torch.einsum("ci,ci->c", rows, rows)[:, None] / rows.shape[1]
        inv = 1 / torch.sqrt(var + eps)
        unit = rows * inv
        ctx.save_for_backward(unit, inv, weight)
        ctx.sizes = (c, n, h, w)
        out = unit if weight is None else torch.addcmul(bias[:, None], unit, weight[:, None])
        ctx.mark_non_differentiable(mean, var)
        return out.reshape(c, n, h, w).permute(1, 0, 2, 3), mean, var

    @staticmethod
    def backward(ctx, dy, _, __):
        unit, inv, weight = ctx.saved_tensors
        c, n, h, w = ctx.sizes
        dy = dy.permute(1, 0, 2, 3).reshape(c, -1)
        along = torch.einsum("ci,ci->c", dy, unit)
        db, dw = dy.sum(1), along
        if weight is not None:
            inv = inv * weight[:, None]
        dx = inv * (dy - dy.mean(1, keepdim=True) - unit * (along[:, None] / dy.shape[1]))
        dx = dx.reshape(c, n, h, w).permute(1, 0, 2, 3)
        return (dx, None, None, None) if weight is None else (dx, dw, db, None)


class BatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True):
        super().__init__()
        self.channels, self.eps, self.momentum = num_features, eps, momentum
        if affine:
            self.weight = nn.Parameter(torch.ones(num_features))
            self.bias = nn.Parameter(torch.zeros(num_features))
        else:
            self.weight = self.bias = None
        if track_running_stats:
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))
            self.register_buffer("num_batches_tracked", torch.zeros((), dtype=torch.int64))
        else:
            self.running_mean = self.running_var = self.num_batches_tracked = None

    def forward(self, x):
        if x.dim() != 4 or x.size(1) != self.channels:
            raise ValueError("bad shape")
        if not self.training and self.running_mean is not None:
            weight, _ = fold_batch_norm(
                torch.ones_like(self.running_mean)[:, None],
                None,
                self.running_mean,
                self.running_var,
                self.weight,
                None,
                self.eps,
            )
            shift = 0 if self.bias is None else self.bias[None, :, None, None]
            centred = x - self.running_mean[None, :, None, None]
            return centred * weight[None, :, :, None] + shift
        n = x.size(0) * x.size(2) * x.size(3)
        if n <= 1:
            raise ValueError("too few values")
        out, mean, var = Normalise.apply(x, self.weight, self.bias, self.eps)
        if self.running_mean is not None:
            self.num_batches_tracked += 1
            m = self.momentum
            if m is None:
                m = 1 / int(self.num_batches_tracked)
            for running, new in ((self.running_mean, mean[:, 0]), (self.running_var, var[:, 0] * n / (n - 1))):
                running *= 1 - m
                running += m * new
        return out


def fold_batch_norm(weight, bias, mean, var, gamma=None, beta=None, eps=1e-5, transposed=False):
    channels = weight.size(1) if transposed else weight.size(0)
    bias = torch.zeros_like(mean) if bias is None else bias
    gamma = torch.ones_like(var) if gamma is None else gamma
    beta = torch.zeros_like(mean) if beta is None else beta
    if any(list(v.shape) != [channels] for v in (bias, mean, var, gamma, beta)):
        raise ValueError("one element a channel")
    factor = gamma / torch.sqrt(var + eps)
    new = torch.einsum("io...,o->io..." if transposed else "o...,o->o...", weight, factor)
    return new, beta + factor * (bias - mean)


def covariate_shift(before, after):
    if before.dim() != 2 or before.shape != after.shape or before.size(0) < 1:
        raise ValueError("two tables of one shape")
    a, b = np.sort(before.double().numpy(), 0), np.sort(after.double().numpy(), 0)
    location = (a.mean(0) - b.mean(0)) ** 2
    scale = (a.std(0) - b.std(0)) ** 2
    shape = np.maximum(((a - b) ** 2).mean(0) - location - scale, 0)
    return tuple(torch.from_numpy(v).to(before.dtype) for v in (location, scale, shape))


def stable_rates(x, eps=1e-5):
    if x.dim() != 2 or 0 in x.shape:
        raise ValueError("a table")
    x = x.double()
    unit = (x - x.mean(0)) / torch.sqrt(x.var(0, unbiased=False) + eps)

    def rate(y):
        gram = y @ y.t() if len(y) < y.size(1) else y.t() @ y
        top = float(torch.linalg.eigvalsh(gram / len(y))[-1])
        return 2 / top if top > 0 else math.inf

    return rate(x), rate(unit)


def population_statistics(batches):
    count, total, square, first = 0, None, None, None
    for batch in batches:
        if batch.numel() == 0:
            continue
        if first is None:  # distances from any one value are small enough for sums of squares
            first = batch.movedim(1, -1).reshape(-1, batch.size(1))[0].double()
            total, square = torch.zeros_like(first), torch.zeros_like(first)
        if batch.size(1) != len(first):
            raise ValueError("other channels")
        rows = batch.movedim(1, -1).reshape(-1, batch.size(1)).double() - first
        count, total, square = count + len(rows), total + rows.sum(0), square + (rows**2).sum(0)
        dtype = batch.dtype
    if count < 2:
        raise ValueError("too few values")
    mean = total / count
    return (first + mean).to(dtype), ((square - total * mean) / (count - 1)).to(dtype)


class FrozenBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5):
        super().__init__()
        self.eps = eps
        for name, value in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
            self.register_buffer(name, torch.full((num_features,), value))
        self.register_load_state_dict_pre_hook(self.forget)

    @staticmethod
    def forget(module, state_dict, prefix, *rest):
        state_dict.pop(prefix + "num_batches_tracked", None)

    def forward(self, x):
        wide = torch.promote_types(x.dtype, self.bias.dtype)
        scale = self.weight.to(wide) / torch.sqrt(self.running_var.to(wide) + self.eps)
        centred = x.to(wide) - self.running_mean.to(wide).view(1, -1, 1, 1)
        return (centred * scale.view(1, -1, 1, 1) + self.bias.to(wide).view(1, -1, 1, 1)).to(x.dtype)


def pooled_statistics(means, variances, counts):
    if means.dim() != 2 or variances.shape != means.shape or list(counts.shape) != [means.size(0)]:
        raise ValueError("shapes")
    if not counts.any():
        raise ValueError("no values")
    used = (counts != 0)[:, None]
    m = torch.where(used, means, torch.zeros_like(means)).double()
    v = torch.where(used, variances, torch.zeros_like(variances)).double()
    p = counts.double() / counts.sum().double()
    mean = p @ m
    var = p @ v + p @ (m - mean) ** 2
    return mean.to(means.dtype), var.to(means.dtype)
