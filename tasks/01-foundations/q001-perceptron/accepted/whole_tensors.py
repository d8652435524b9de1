"""Whole tensors: scores of all samples at once, autograd for Newton's method, and Wolfe's nearest point of a hull."""

import torch
from torch import Tensor


def rows(x: Tensor, y: Tensor) -> Tensor:
    if x.ndim != 2 or y.shape != (x.shape[0],):
        raise ValueError("shapes")
    if ((y != 1) & (y != -1)).any():
        raise ValueError("labels")
    return torch.cat((x.double(), torch.ones_like(x[:, :1] if x.shape[1] else y.unsqueeze(1)).double()), 1) * y[:, None]


def joined(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    if w.shape != x.shape[1:] or b.shape != ():
        raise ValueError("shapes")
    return torch.hstack((w, b)).double()


def perceptron_output(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    if x.ndim < 1 or w.ndim != 1 or w.shape[0] != x.shape[-1] or b.ndim != 0:
        raise ValueError("shapes")
    score = torch.einsum("...d,d->...", x.to(torch.float64), w.to(torch.float64)).add(b.double())
    return torch.ones_like(score, dtype=torch.int64).masked_fill_(score < 0, -1)


def perceptron_fit(x: Tensor, y: Tensor, max_epochs: int) -> tuple[Tensor, Tensor, list[int]]:
    z = rows(x, y)
    if max_epochs < 0:
        raise ValueError("max_epochs")
    v, counts = torch.zeros(z.shape[1], dtype=torch.float64), []
    for _ in range(max_epochs):
        at, count = 0, 0
        while True:  # jump from mistake to mistake
            wrong = torch.nonzero(z[at:] @ v <= 0)
            if not len(wrong):
                break
            at += int(wrong[0])
            v = v + z[at]
            at, count = at + 1, count + 1
        counts.append(count)
        if not count:
            break
    return v[:-1].to(x.dtype), v[-1].to(x.dtype), counts


def mistake_bound(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> float:
    z, v = rows(x, y), joined(x, w, b)
    if not len(z):
        raise ValueError("no samples")
    v = v / v.abs().amax()
    margins = z @ (v / v.square().sum().sqrt())
    if not (margins > 0).all():
        raise ValueError("not separated")
    return float(z.square().sum(1).amax() / margins.amin().square())


def xor_multipliers(corners: Tensor) -> Tensor:
    if corners.shape != (4, 2):
        raise ValueError("shape")
    p = corners.double()
    p = p - p.mean(0)
    p = p / p.abs().max().clamp(min=1e-300)
    y = torch.tensor([-1.0, 1.0, -1.0, 1.0], dtype=torch.float64)
    system = torch.stack((p[:, 0] * y, p[:, 1] * y, y, torch.ones_like(y)))
    want = torch.tensor([0.0, 0.0, 0.0, 1.0], dtype=torch.float64)
    if torch.linalg.det(system).abs() < 1e-9:
        raise ValueError("degenerate")
    found = torch.linalg.solve(system, want)
    if (found <= 0).any():
        raise ValueError("the diagonals do not cross")
    return found.to(corners.dtype)


def pulls(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    margin = rows(x, y) @ joined(x, w, b)
    soft = torch.exp(torch.nn.functional.logsigmoid(-margin))
    return torch.where(margin > 0, 0.0, 1.0).to(x.dtype), soft.to(x.dtype)


def logistic_fit(x: Tensor, y: Tensor, l2: float) -> tuple[Tensor, Tensor]:
    z = rows(x, y)
    if not l2 > 0 or y.sum().abs() == len(y):
        raise ValueError("l2 or labels")

    def loss(v: Tensor) -> Tensor:
        return torch.logaddexp(-(z @ v), torch.zeros((), dtype=torch.float64)).mean() + l2 / 2 * (v[:-1] ** 2).sum()

    v, damping = torch.zeros(z.shape[1], dtype=torch.float64), 1.0
    for _ in range(500):
        gradient = torch.autograd.functional.jacobian(loss, v)
        if (gradient.abs() < 1e-10 * z.abs().amax(0).clamp(min=1.0)).all():
            break
        hessian = torch.autograd.functional.hessian(loss, v)
        while damping < 1e20:
            trial = v - torch.linalg.solve(hessian + damping * hessian.diag().diag(), gradient)
            if loss(trial) <= loss(v):
                v, damping = trial, damping / 10
                break
            damping = 10 * damping
        else:
            break
    return v[:-1], v[-1]


def separability(x: Tensor, y: Tensor) -> tuple[bool, Tensor]:
    z = rows(x, y)
    if not len(z):
        raise ValueError("no samples")
    unit = z.norm(dim=1)
    z = z / unit[:, None]
    active, share = [0], torch.ones(1, dtype=torch.float64)
    while True:
        nearest = share @ z[active]
        gap = z @ nearest
        if nearest.norm() < 1e-10 or gap.min() > nearest @ nearest - 1e-12:
            break
        active, share = [*active, int(gap.argmin())], torch.cat((share, share.new_zeros(1)))
        while True:
            hull = z[active]
            system = torch.ones(len(active) + 1, len(active) + 1, dtype=torch.float64)
            system[0, 0] = 0
            system[1:, 1:] = hull @ hull.mT
            right = torch.zeros(len(active) + 1, dtype=torch.float64)
            right[0] = 1
            affine = torch.linalg.lstsq(system, right[:, None], driver="gelsd").solution[1:, 0]
            if (affine > 1e-12).all():
                share = affine
                break
            falling = affine <= 1e-12
            step = (share[falling] / (share[falling] - affine[falling])).min().clamp(max=1.0)
            share = (share + step * (affine - share)).clamp(min=0)
            keep = share > 1e-12
            active, share = [i for i, k in zip(active, keep.tolist()) if k], share[keep]
            share = share / share.sum()
    if nearest.norm() > 1e-6:
        return True, nearest
    multipliers = torch.zeros(len(z), dtype=torch.float64)
    multipliers[active] = share
    multipliers = multipliers / unit
    return False, multipliers / multipliers.sum()
