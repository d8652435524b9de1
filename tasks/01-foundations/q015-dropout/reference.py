"""Dropout by hand: what it does to one tensor, to a model in its two modes, and to the weights that are learned."""

import math
from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    """Drop every element with probability `p` and divide the others by `1 - p`; return `x` if not training.

    Raises:
        ValueError: `p` is not in [0, 1].
    """
    _require_rate(p)
    return x * _kept(x.shape, p, x, generator) * _scale(p) if training else x


class Dropout(nn.Module):
    """Dropout as a layer, which follows the mode of its model."""

    def __init__(self, p: float = 0.5, inverted: bool = True, generator: Generator | None = None) -> None:
        """Keep the settings; `p` may be changed later.

        Raises:
            ValueError: `p` is not in [0, 1].
        """
        super().__init__()
        _require_rate(p)
        self.p = p
        self.inverted = inverted
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:
        """Drop elements in training mode; in evaluation mode leave `x`, or scale it by the classic rule."""
        if not self.training:
            return x if self.inverted else x * (1 - self.p)
        kept = x * _kept(x.shape, self.p, x, self.generator)
        return kept * _scale(self.p) if self.inverted else kept


def shared_dropout(
    x: Tensor, p: float, shared: Sequence[int], training: bool = True, generator: Generator | None = None
) -> Tensor:
    """Inverted dropout in which elements that differ only along the dimensions `shared` have one fate.

    Raises:
        ValueError: `p` is not in [0, 1], a dimension does not exist, or one is named twice.
    """
    _require_rate(p)
    if any(not -x.ndim <= dim < x.ndim for dim in shared):
        raise ValueError("a shared dimension does not exist")
    dims = {dim % x.ndim for dim in shared}
    if len(dims) < len(shared):
        raise ValueError("a dimension is shared twice")
    if not training:
        return x
    shape = [1 if dim in dims else size for dim, size in enumerate(x.shape)]
    return x * (_kept(shape, p, x, generator) * _scale(p))


def choose_rate(losses: Tensor, rates: Sequence[float]) -> float:
    """The largest rate whose validation loss cannot be told from the best one by a paired standard error.

    Raises:
        ValueError: the table is not `(len(rates), S)` with `S >= 1`, a rate is not in [0, 1), or no rate is usable.
    """
    if losses.ndim != 2 or losses.shape[0] != len(rates) or losses.numel() == 0:
        raise ValueError("losses must have a row for each rate and a column for each run")
    if not all(0 <= rate < 1 for rate in rates):
        raise ValueError("each rate must lie in [0, 1)")
    table = losses.double()
    usable = [i for i in range(len(rates)) if bool(table[i].isfinite().all())]
    if not usable:
        raise ValueError("every rate has a run that diverged")
    best = min(usable, key=lambda i: (table[i].mean().item(), -rates[i]))
    return float(max(rates[i] for i in usable if _is_within_error(table[i] - table[best])))


def mc_dropout(model: nn.Module, x: Tensor, kinds: tuple[type[nn.Module], ...], n: int) -> tuple[Tensor, Tensor]:
    """Mean and unbiased variance of `n` forward passes in which only the modules of these kinds are training.

    Raises:
        ValueError: `n` is below 2.
    """
    if n < 2:
        raise ValueError("a variance needs at least two passes")
    modes = {module: module.training for module in model.modules()}
    try:
        for module in modes:
            module.training = isinstance(module, kinds)
        return _moments(model, x, n)
    finally:
        for module, mode in modes.items():
            module.training = mode


def dropout_ridge(features: Tensor, target: Tensor, p: float) -> Tensor:
    """The weights of a linear model that minimise its squared error, averaged over all dropout masks of its inputs.

    Raises:
        ValueError: `features` is not `(N, D)`, `target` is not `(N,)`, or `p` is not in [0, 1).
    """
    if features.ndim != 2 or target.shape != features.shape[:1]:
        raise ValueError("features must be (N, D) and target (N,)")
    if not 0 <= p < 1:
        raise ValueError("p must lie in [0, 1)")
    x, y = features.double(), target.double()
    gram = x.T @ x
    gram.diagonal().div_(1 - p)
    return torch.linalg.solve(gram, x.T @ y).to(features.dtype)


def _require_rate(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError("p must lie in [0, 1]")


def _kept(shape: Sequence[int], p: float, x: Tensor, generator: Generator | None) -> Tensor:
    """Ones where an element is kept and zeros where it is dropped, drawn in float32 whatever `x` is."""
    mask = torch.empty(shape, dtype=torch.float32, device=x.device).bernoulli_(1 - p, generator=generator)
    return mask.to(x.dtype)


def _scale(p: float) -> float:
    return 1 / (1 - p) if p < 1 else 0.0


def _is_within_error(gaps: Tensor) -> bool:
    """Whether the mean gap is at most one standard error of it."""
    error = gaps.std().item() / math.sqrt(len(gaps)) if len(gaps) > 1 else 0.0
    return gaps.mean().item() <= error


@torch.no_grad()
def _moments(model: nn.Module, x: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """Welford's running mean and variance, in double precision."""
    first = model(x)
    mean = first.double()
    squares = torch.zeros_like(mean)
    for count in range(2, n + 1):
        gap = model(x) - mean
        mean += gap / count
        squares += gap.square_().mul_((count - 1) / count)
    return mean.to(first.dtype), (squares / (n - 1)).to(first.dtype)
