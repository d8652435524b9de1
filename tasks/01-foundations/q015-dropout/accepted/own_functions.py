"""A custom autograd function with a saved boolean mask, merged moments, tensors for the rule and Cholesky factors."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn


class Mask(torch.autograd.Function):
    """Multiplies by a boolean mask and a number, forward and backward."""

    @staticmethod
    def forward(ctx, x, keep, scale):
        ctx.save_for_backward(keep)
        ctx.scale = scale
        return x.mul(keep).mul_(scale)

    @staticmethod
    def backward(ctx, grad):
        (keep,) = ctx.saved_tensors
        return grad.mul(keep).mul_(ctx.scale), None, None


def coins(shape: Sequence[int], p: float, generator: Generator | None) -> Tensor:
    if generator is None:
        generator = torch.default_generator
    return torch.bernoulli(torch.tensor(1.0 - p, dtype=torch.float64).expand(tuple(shape)), generator=generator).bool()


def inverse(p: float) -> float:
    return 0.0 if p == 1 else 1 / (1 - p)


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    return shared_dropout(x, p, (), training, generator)


class Dropout(nn.Module):
    def __init__(self, p: float = 0.5, inverted: bool = True, generator: Generator | None = None) -> None:
        super().__init__()
        if p != p or p < 0 or p > 1:
            raise ValueError(p)
        self.p = p
        self._source = generator
        self._classic = not inverted

    def forward(self, x: Tensor) -> Tensor:
        match self.training, self._classic:
            case True, classic:
                return Mask.apply(x, coins(x.shape, self.p, self._source), 1.0 if classic else inverse(self.p))
            case False, True:
                return x - self.p * x
        return x


def shared_dropout(
    x: Tensor, p: float, shared: Sequence[int], training: bool = True, generator: Generator | None = None
) -> Tensor:
    if p != p or p < 0 or p > 1:
        raise ValueError(p)
    own = list(range(x.ndim))
    for dim in shared:
        place = dim + x.ndim if dim < 0 else dim
        if place not in own:
            raise ValueError(f"dimension {dim} is not there, or not any more")
        own.remove(place)
    if not training:
        return x
    keep = coins([x.shape[dim] for dim in own], p, generator)
    for dim in range(x.ndim):
        if dim not in own:
            keep = keep.unsqueeze(dim)
    return Mask.apply(x, keep, inverse(p))


def choose_rate(losses: Tensor, rates: Sequence[float]) -> float:
    rate = torch.tensor(list(rates), dtype=torch.float64)
    if losses.ndim != 2 or losses.numel() == 0 or len(losses) != len(rate):
        raise ValueError("table")
    if bool(((rate < 0) | (rate >= 1)).any()):
        raise ValueError("rates")
    good = losses.isfinite().all(1)
    if not bool(good.any()):
        raise ValueError("nothing is left")
    rate, order = rate[good].sort(descending=True)
    table = losses[good].double()[order]
    gaps = table - table[table.mean(1).argmin()]  # the first of equal means has the largest rate
    runs = gaps.shape[1]
    mean = gaps.mean(1)
    error = ((gaps - mean[:, None]).square().sum(1) / max(runs - 1, 1) / runs).sqrt()
    return rate[mean <= error].max().item()


def mc_dropout(model: nn.Module, x: Tensor, kinds: tuple[type[nn.Module], ...], n: int) -> tuple[Tensor, Tensor]:
    if n < 2:
        raise ValueError(n)
    modules = list(model.modules())
    modes = [module.training for module in modules]
    try:
        for module in modules:
            module.training = isinstance(module, tuple(kinds))
        with torch.no_grad():
            mean, total = model(x).clone(), 0.0
            for count in range(1, n):
                y = model(x)
                new = torch.lerp(mean, y, 1 / (count + 1))
                total = (y - mean).mul_(y - new).add_(total)
                mean = new
        return mean, total.div_(n - 1)
    finally:
        for module, mode in zip(modules, modes):
            module.training = mode


def dropout_ridge(features: Tensor, target: Tensor, p: float) -> Tensor:
    if features.ndim != 2 or list(target.shape) != [features.shape[0]] or not 0 <= p < 1:
        raise ValueError("features (N, D), target (N,), p in [0, 1)")
    keep = 1 - p
    x = features.double()
    # the normal equations times what is kept; the diagonal is what no mask takes away
    matrix = keep * torch.einsum("ni,nj->ij", x, x)
    matrix[range(len(matrix)), range(len(matrix))] = torch.einsum("ni,ni->i", x, x)
    side = keep * torch.einsum("ni,n->i", x, target.double())
    return torch.cholesky_solve(side[:, None], torch.linalg.cholesky(matrix))[:, 0].to(features.dtype)
