"""Uniform numbers compared with the rate, `where` for products, plain Python and least squares with added rows."""

import statistics
from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn


def is_dropped(shape, p, generator):
    return torch.rand(shape, generator=generator) < p


def check(p):
    if not (p >= 0 and p <= 1):
        raise ValueError(f"{p} is not a probability")


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    check(p)
    if not training or p == 0:
        return x
    if p == 1:
        return torch.zeros_like(x) * x
    return torch.where(is_dropped(x.shape, p, generator), torch.zeros((), dtype=x.dtype), x / (1 - p))


class Dropout(nn.Module):
    def __init__(self, p: float = 0.5, inverted: bool = True, generator: Generator | None = None) -> None:
        check(p)
        super().__init__()
        self.p, self.inverted, self.generator = p, inverted, generator

    def forward(self, x: Tensor) -> Tensor:
        if self.inverted:
            return dropout(x, self.p, self.training, self.generator)
        if self.training:
            return x.masked_fill(is_dropped(x.shape, self.p, self.generator), 0.0)
        return (1 - self.p) * x


def shared_dropout(
    x: Tensor, p: float, shared: Sequence[int], training: bool = True, generator: Generator | None = None
) -> Tensor:
    check(p)
    sizes = list(x.shape)
    for dim in shared:
        if dim >= x.ndim or dim < -x.ndim:
            raise ValueError(f"no dimension {dim}")
        if sizes[dim] is None:
            raise ValueError(f"dimension {dim} twice")
        sizes[dim] = None
    if not training:
        return x
    dropped = is_dropped([1 if size is None else size for size in sizes], p, generator)
    return x.masked_fill(dropped, 0.0) / (1 - p if p < 1 else 1)


def choose_rate(losses: Tensor, rates: Sequence[float]) -> float:
    if losses.dim() != 2 or len(losses) != len(rates) or 0 in losses.shape:
        raise ValueError("not a table")
    if min(rates) < 0 or max(rates) >= 1:
        raise ValueError("not a rate")
    finite = torch.isfinite(losses).all(dim=1).tolist()
    rows = {rate: row for rate, row, good in zip(rates, losses.double().tolist(), finite) if good}
    if not rows:
        raise ValueError("all diverged")
    best_mean = min(statistics.fmean(row) for row in rows.values())
    best = rows[max(rate for rate, row in rows.items() if statistics.fmean(row) == best_mean)]
    for rate in sorted(rows, reverse=True):
        gaps = [a - b for a, b in zip(rows[rate], best)]
        error = statistics.stdev(gaps) / len(gaps) ** 0.5 if len(gaps) > 1 else 0
        if statistics.fmean(gaps) <= error:
            return rate
    raise AssertionError("the best is as good as itself")


def mc_dropout(model: nn.Module, x: Tensor, kinds: tuple[type[nn.Module], ...], n: int) -> tuple[Tensor, Tensor]:
    if n < 2:
        raise ValueError("n must be at least 2")
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    for module, _ in before:
        if isinstance(module, kinds):
            module.training = True
    try:
        with torch.inference_mode():
            # sums of deviations from the first output, which are small where outputs are large
            first = model(x)
            total, squares = torch.zeros_like(first), torch.zeros_like(first)
            for _ in range(n - 1):
                gap = model(x) - first
                total += gap
                squares += gap.square_()
            squares -= total.square() / n
            return first + total.div_(n), squares.div_(n - 1)
    finally:
        for module, mode in before:
            module.training = mode


def dropout_ridge(features: Tensor, target: Tensor, p: float) -> Tensor:
    if features.dim() != 2 or target.dim() != 1 or len(features) != len(target):
        raise ValueError("shapes")
    if p < 0 or p >= 1:
        raise ValueError("rate")
    x, y = features.double(), target.double()
    norms = x.norm(dim=0)
    # columns of length one, and below them the penalty as further samples with target zero
    extra = (p / (1 - p)) ** 0.5 * torch.eye(len(norms), dtype=x.dtype)
    rows, aims = torch.cat([x / norms, extra]), torch.cat([y, torch.zeros_like(norms)])
    return (torch.linalg.lstsq(rows, aims.unsqueeze(1)).solution.squeeze(1) / norms).to(features.dtype)
