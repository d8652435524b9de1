"""Loops over channels, shards and batches, merged one after the other, and a power iteration."""

import math

import torch
from torch import nn


class BatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True):
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.tracks = track_running_stats
        self.weight = nn.Parameter(torch.ones(num_features)) if affine else None
        self.bias = nn.Parameter(torch.zeros(num_features)) if affine else None
        for name, value in (
            ("running_mean", torch.zeros(num_features)),
            ("running_var", torch.ones(num_features)),
            ("num_batches_tracked", torch.tensor(0, dtype=torch.long)),
        ):
            self.register_buffer(name, value if track_running_stats else None)

    def forward(self, x):
        if x.ndim != 4:
            raise ValueError("expected four dimensions")
        if x.shape[1] != self.num_features:
            raise ValueError("another number of channels")
        batch = self.training or not self.tracks
        count = x.shape[0] * x.shape[2] * x.shape[3]
        if batch and count < 2:
            raise ValueError("too few values")
        if batch and self.tracks:
            self.num_batches_tracked.add_(1)
        rate = self.momentum
        if rate is None and self.tracks:
            rate = 1.0 / max(1, self.num_batches_tracked.item())
        channels = []
        for c in range(self.num_features):
            values = x[:, c]
            if batch:
                mean = values.mean()
                values = values - mean
                var = values.square().mean()
                if self.tracks:
                    with torch.no_grad():
                        self.running_mean[c] = (1 - rate) * self.running_mean[c] + rate * mean
                        self.running_var[c] = (1 - rate) * self.running_var[c] + rate * var * count / (count - 1)
            else:
                values, var = values - self.running_mean[c], self.running_var[c]
            values = values / (var + self.eps).sqrt()
            if self.weight is not None:
                values = values * self.weight[c] + self.bias[c]
            channels.append(values)
        return torch.stack(channels, 1)


def fold_batch_norm(weight, bias, mean, var, gamma=None, beta=None, eps=1e-5, transposed=False):
    if transposed:
        new, shift = fold_batch_norm(weight.transpose(0, 1), bias, mean, var, gamma, beta, eps)
        return new.transpose(0, 1), shift
    for v in (bias, mean, var, gamma, beta):
        if v is not None and (v.ndim != 1 or len(v) != len(weight)):
            raise ValueError("one element a channel")
    weights, biases = [], []
    for o in range(len(weight)):
        factor = 1 / (var[o] + eps) ** 0.5
        if gamma is not None:
            factor = gamma[o] * factor
        start = -mean[o] if bias is None else bias[o] - mean[o]
        weights.append(weight[o] * factor)
        biases.append(start * factor if beta is None else start * factor + beta[o])
    return torch.stack(weights), torch.stack(biases)


def covariate_shift(before, after):
    if before.ndim != 2 or after.ndim != 2 or before.shape != after.shape or before.shape[0] == 0:
        raise ValueError("two tables of one shape")
    n, answers = before.shape[0], []
    for c in range(before.shape[1]):
        a, b = sorted(before[:, c].tolist()), sorted(after[:, c].tolist())
        p, q = math.fsum(a) / n, math.fsum(b) / n
        s, t = math.sqrt(math.fsum((v - p) ** 2 for v in a) / n), math.sqrt(math.fsum((w - q) ** 2 for w in b) / n)
        covariance = math.fsum((v - p) * (w - q) for v, w in zip(a, b)) / n
        answers.append(((p - q) ** 2, (s - t) ** 2, max(0.0, 2 * (s * t - covariance))))
    table = torch.tensor(answers, dtype=torch.float64).reshape(-1, 3).to(before.dtype)
    return table[:, 0].clone(), table[:, 1].clone(), table[:, 2].clone()


def stable_rates(x, eps=1e-5):
    if x.ndim != 2 or len(x) == 0 or x.shape[1] == 0:
        raise ValueError("a table")
    x = x.double()
    mean = x.mean(0)
    unit = (x - mean) / ((x - mean).pow(2).mean(0) + eps).sqrt()
    rates = []
    for y in (x, unit):
        if not y.any():
            rates.append(math.inf)
            continue
        power = y.t() @ y / len(y)
        # squared again and again, a matrix turns into its largest direction, however small the gap is
        v = power / power.abs().max()
        for _ in range(60):
            v = v @ v
            v = v / v.abs().max()
        v = v[:, v.abs().sum(0).argmax()]
        rates.append(2.0 / (v @ power @ v / (v @ v)).item())
    return rates[0], rates[1]


def population_statistics(batches):
    merged, dtype = None, None
    for batch in batches:
        count = batch.numel() // batch.shape[1]
        if count == 0:
            continue
        dims = [d for d in range(batch.ndim) if d != 1]
        mean = batch.double().mean(dims)
        shape = [1, -1] + [1] * (batch.ndim - 2)
        squares = (batch.double() - mean.reshape(shape)).pow(2).sum(dims)
        dtype = batch.dtype
        if merged is None:
            merged = (count, mean, squares)
            continue
        if len(mean) != len(merged[1]):
            raise ValueError("other channels")
        n, m, s = merged
        step = mean - m
        merged = (n + count, m + step * count / (n + count), s + squares + step * step * n * count / (n + count))
    if merged is None or merged[0] < 2:
        raise ValueError("too few values")
    return merged[1].to(dtype), (merged[2] / (merged[0] - 1)).to(dtype)


class FrozenBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", torch.ones(num_features))
        self.register_buffer("bias", torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )
        count = prefix + "num_batches_tracked"
        if count in unexpected_keys:
            unexpected_keys.remove(count)

    def forward(self, x):
        dtype = torch.float64 if torch.float64 in (x.dtype, self.weight.dtype) else torch.float32
        weight, bias = self.weight.to(dtype), self.bias.to(dtype)
        mean, var = self.running_mean.to(dtype), self.running_var.to(dtype)
        maps = []
        for c in range(len(weight)):
            maps.append((x[:, c].to(dtype) - mean[c]) / (var[c] + self.eps).sqrt() * weight[c] + bias[c])
        return torch.stack(maps, 1).to(x.dtype)


def pooled_statistics(means, variances, counts):
    if means.ndim != 2 or means.shape != variances.shape or counts.ndim != 1 or len(counts) != len(means):
        raise ValueError("shapes")
    n, mean, squares = 0, None, None
    for s, count in enumerate(counts.tolist()):
        if count == 0:
            continue
        m, v = means[s].double(), variances[s].double()
        if mean is None:
            n, mean, squares = count, m, v * count
            continue
        step = m - mean
        squares = squares + v * count + step**2 * (n / (n + count) * count)
        mean = mean + step * (count / (n + count))
        n += count
    if n == 0:
        raise ValueError("no values")
    return mean.to(means.dtype), (squares / n).to(means.dtype)
