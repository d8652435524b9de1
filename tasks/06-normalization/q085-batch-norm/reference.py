"""Batch normalisation in depth: the module, what it does to its inputs, and its statistics outside of training."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn


class BatchNorm2d(nn.Module):
    """Batch normalisation of [N, C, H, W], with a state that the library's own layer could load."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        """Start with a weight of ones, a bias of zeros, running mean 0, running variance 1 and no batches seen."""
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.register_parameter("weight", nn.Parameter(torch.ones(num_features)) if affine else None)
        self.register_parameter("bias", nn.Parameter(torch.zeros(num_features)) if affine else None)
        self.register_buffer("running_mean", torch.zeros(num_features) if track_running_stats else None)
        self.register_buffer("running_var", torch.ones(num_features) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", torch.tensor(0) if track_running_stats else None)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each channel; in training mode, bring the running statistics up to date as well.

        Raises:
            ValueError: `x` has another number of dimensions or channels, or too few values for batch statistics.
        """
        if x.ndim != 4 or x.shape[1] != self.num_features:
            raise ValueError(f"expected [N, {self.num_features}, H, W], got {list(x.shape)}")
        if self.running_mean is not None and not self.training:
            return _normalized(x, self.running_mean, self.running_var, self)
        count = x.numel() // self.num_features
        if count < 2:
            raise ValueError("batch statistics need at least two values a channel")
        mean, var = _batch_moments(x)
        if self.running_mean is not None:
            _track(self, mean.detach(), var.detach(), count)
        return _normalized(x, mean, var, self)


def _batch_moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance of each channel."""
    var, mean = torch.var_mean(x, dim=(0, 2, 3), correction=0)
    return mean, var


def _normalized(x: Tensor, mean: Tensor, var: Tensor, norm: nn.Module) -> Tensor:
    """Shift and scale channels to the given statistics, then by weight and bias."""
    scale = (var + norm.eps).rsqrt()
    if norm.weight is None:
        return (x - mean[:, None, None]) * scale[:, None, None]
    return (x - mean[:, None, None]) * (scale * norm.weight)[:, None, None] + norm.bias[:, None, None]


def _track(norm: nn.Module, mean: Tensor, var: Tensor, count: int) -> None:
    """Move the running statistics towards those of a batch, in place; the variance they hold is unbiased."""
    norm.num_batches_tracked.add_(1)
    share = 1.0 / norm.num_batches_tracked.item() if norm.momentum is None else norm.momentum
    norm.running_mean.lerp_(mean, share)
    norm.running_var.lerp_(var * (count / (count - 1)), share)


def fold_batch_norm(
    weight: Tensor,
    bias: Tensor | None,
    mean: Tensor,
    var: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    eps: float = 1e-5,
    transposed: bool = False,
) -> tuple[Tensor, Tensor]:
    """Weight and bias of the one layer that does what a convolution followed by batch normalisation does.

    Raises:
        ValueError: a vector has not exactly one element for each output channel.
    """
    dim = 1 if transposed else 0
    channels = weight.shape[dim]
    for vector in (bias, mean, var, gamma, beta):
        if vector is not None and vector.shape != (channels,):
            raise ValueError(f"expected [{channels}], got {list(vector.shape)}")
    scale = (var + eps).rsqrt()
    if gamma is not None:
        scale = scale * gamma
    shift = -mean * scale if bias is None else (bias - mean) * scale
    if beta is not None:
        shift = shift + beta
    sizes = [1] * weight.ndim
    sizes[dim] = channels
    return weight * scale.reshape(sizes), shift


def covariate_shift(before: Tensor, after: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How far each feature's distribution has moved: the shares of its location, its scale and its shape.

    Raises:
        ValueError: the arguments are not two tables of one shape with at least one row.
    """
    if before.ndim != 2 or before.shape != after.shape or len(before) == 0:
        raise ValueError("before and after must be [N, C] with N at least 1")
    a, b = (x.double().sort(dim=0).values for x in (before, after))
    mean_a, mean_b = a.mean(0), b.mean(0)
    a, b = a - mean_a, b - mean_b
    std_a, std_b = a.square().mean(0).sqrt(), b.square().mean(0).sqrt()
    unit_a, unit_b = (x / torch.where(std > 0, std, 1) for x, std in ((a, std_a), (b, std_b)))
    location, scale = (mean_a - mean_b).square(), (std_a - std_b).square()
    shape = std_a * std_b * (unit_a - unit_b).square().mean(0)
    return location.to(before.dtype), scale.to(before.dtype), shape.to(before.dtype)


def stable_rates(x: Tensor, eps: float = 1e-5) -> tuple[float, float]:
    """The learning rates below which a least-squares fit converges: on `x`, and on `x` normalised over the batch.

    Raises:
        ValueError: `x` is not a table with at least one row and one column.
    """
    if x.ndim != 2 or x.numel() == 0:
        raise ValueError("x must be [N, D] and not empty")
    x = x.double()
    var, mean = torch.var_mean(x, dim=0, correction=0)
    return _largest_rate(x), _largest_rate((x - mean) / (var + eps).sqrt())


def _largest_rate(x: Tensor) -> float:
    """Two over the largest curvature of the mean squared error of a linear map of `x`, halved."""
    curvature = torch.linalg.matrix_norm(x, ord=2).item() ** 2 / len(x)
    return 2.0 / curvature if curvature > 0 else math.inf


def population_statistics(batches: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and unbiased variance of each channel over all batches together.

    Raises:
        ValueError: there are fewer than two values a channel, or batches differ in channels.
    """
    count, mean, squares, dtype = 0, torch.zeros(()), torch.zeros(()), torch.float32
    for batch in batches:
        if count and batch.shape[1] != len(mean):
            raise ValueError("batches differ in their number of channels")
        more = batch.numel() // batch.shape[1]
        if more:
            values = batch.double().transpose(0, 1).flatten(1)
            own = values.mean(1)
            offset, total = own - mean, count + more
            squares = squares + (values - own[:, None]).square().sum(1) + offset**2 * (count * more / total)
            mean, count, dtype = mean + offset * (more / total), total, batch.dtype
    if count < 2:
        raise ValueError("at least two values a channel are needed")
    return mean.to(dtype), (squares / (count - 1)).to(dtype)


class FrozenBatchNorm2d(nn.Module):
    """Batch normalisation with statistics, weight and bias that never change again."""

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        """Start as the identity, up to `eps`, and with nothing to train."""
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", torch.ones(num_features))
        self.register_buffer("bias", torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the stored statistics, whatever the mode."""
        wide = torch.promote_types(x.dtype, self.weight.dtype)
        mean, var, weight, bias = (
            v.to(wide)[:, None, None] for v in (self.running_mean, self.running_var, self.weight, self.bias)
        )
        return ((x.to(wide) - mean) * ((var + self.eps).rsqrt() * weight) + bias).to(x.dtype)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        state_dict.pop(prefix + "num_batches_tracked", None)
        super()._load_from_state_dict(state_dict, prefix, *args)


def pooled_statistics(means: Tensor, variances: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance of a batch that is spread over devices, from those of its shards.

    Raises:
        ValueError: the shapes do not belong together, or every shard is empty.
    """
    if means.ndim != 2 or means.shape != variances.shape or counts.shape != means.shape[:1]:
        raise ValueError("means and variances must be [S, C], counts [S]")
    total = int(counts.sum())
    if total == 0:
        raise ValueError("there is no value in any shard")
    filled = counts > 0
    share = (counts[filled].double() / total)[:, None]
    own, spread = means[filled].double(), variances[filled].double()
    mean = (share * own).sum(0)
    var = (share * (spread + (own - mean).square())).sum(0)
    return mean.to(means.dtype), var.to(means.dtype)
