"""The perceptron: output, learning rule and its bound, what cannot be learned, and how logistic regression differs."""

import math

import torch
from torch import Tensor

#: Newton's method stops at gradients this small, in units of the largest entry of each column.
FLAT = 1e-11


def perceptron_output(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """Classify points by the side of the hyperplane they lie on.

    Args:
        x: points, shape (..., D).
        w: weights, shape (D,).
        b: the bias, shape ().

    Returns:
        1 or -1 for each point, int64, shape (...).

    Raises:
        ValueError: the shapes do not fit.
    """
    if x.dim() == 0 or w.shape != x.shape[-1:] or b.dim() != 0:
        raise ValueError("x must be (..., D), w (D,) and b ()")
    score = x.double() @ w.double() + b.double()
    return (score >= 0).long() * 2 - 1


def perceptron_fit(x: Tensor, y: Tensor, max_epochs: int) -> tuple[Tensor, Tensor, list[int]]:
    """Train by Rosenblatt's rule from zero weights, sample after sample in the order given.

    Args:
        x: points, shape (N, D).
        y: their labels, 1 or -1, int64, shape (N,).
        max_epochs: how many passes over the data are allowed.

    Returns:
        The weights, the bias, and the number of mistakes in each epoch; the last is 0 if training ended by itself.

    Raises:
        ValueError: the shapes do not fit, a label is neither 1 nor -1, or `max_epochs` is negative.
    """
    _check(x, y)
    if max_epochs < 0:
        raise ValueError("max_epochs must be zero or more")
    steps = _signed(x, y)
    weights = torch.zeros(steps.shape[1], dtype=torch.float64, device=x.device)
    mistakes: list[int] = []
    while len(mistakes) < max_epochs and (not mistakes or mistakes[-1]):
        mistakes.append(0)
        for step in steps:
            if (step @ weights).item() <= 0:
                weights = weights + step
                mistakes[-1] += 1
    return weights[:-1].to(x.dtype), weights[-1].to(x.dtype), mistakes


def mistake_bound(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> float:
    """Bound the mistakes of Rosenblatt's rule on data that a given hyperplane separates.

    Args:
        x: points, shape (N, D), at least one.
        y: their labels, 1 or -1, int64, shape (N,).
        w: weights of the separating hyperplane, shape (D,).
        b: its bias, shape ().

    Returns:
        (R / gamma) squared.

    Raises:
        ValueError: the shapes or labels do not fit, there are no points, or a point is not on its right side.
    """
    _check(x, y, w, b)
    if len(x) == 0:
        raise ValueError("there must be at least one point")
    direction = torch.cat([w.double(), b.double().reshape(1)])
    direction = direction / direction.abs().max()
    signed = _signed(x, y)
    margin = (signed @ direction).min().item() / direction.norm().item()
    if not margin > 0:
        raise ValueError("the hyperplane does not separate the data")
    return (signed.norm(dim=1).max().item() / margin) ** 2


def xor_multipliers(corners: Tensor) -> Tensor:
    """Prove that no perceptron separates the alternating corners of a convex quadrilateral.

    Args:
        corners: the corners in their order around the quadrilateral, shape (4, 2).

    Returns:
        Non-negative multipliers with sum one that cancel the labelled corners, shape (4,).

    Raises:
        ValueError: the shape is another, or the diagonals do not cross.
    """
    if corners.shape != (4, 2):
        raise ValueError("corners must be (4, 2)")
    p = corners.double()
    first, second, apart = p[2] - p[0], p[3] - p[1], p[1] - p[0]
    area = _cross(first, second)
    if area == 0:
        raise ValueError("the diagonals do not cross")
    s, t = _cross(apart, second) / area, _cross(apart, first) / area
    if not (0 < s < 1 and 0 < t < 1):
        raise ValueError("the diagonals do not cross")
    return (torch.stack([1 - s, 1 - t, s, t]) / 2).to(corners.dtype)


def pulls(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Say how strongly each sample pulls at the weights, by Rosenblatt's rule and by logistic regression.

    Args:
        x: points, shape (N, D).
        y: their labels, 1 or -1, int64, shape (N,).
        w: weights, shape (D,).
        b: the bias, shape ().

    Returns:
        The pulls by Rosenblatt's rule and those by logistic regression, each of shape (N,).

    Raises:
        ValueError: the shapes do not fit, or a label is neither 1 nor -1.
    """
    _check(x, y, w, b)
    margin = y * (x.double() @ w.double() + b.double())
    return (margin <= 0).to(x.dtype), torch.sigmoid(-margin).to(x.dtype)


def logistic_fit(x: Tensor, y: Tensor, l2: float) -> tuple[Tensor, Tensor]:
    """Find the minimum of the logistic loss with a penalty on the weights.

    Args:
        x: points, float64, shape (N, D).
        y: their labels, 1 or -1, int64, shape (N,); both occur.
        l2: the weight of the penalty, above zero.

    Returns:
        The weights and the bias at the minimum.

    Raises:
        ValueError: the shapes or labels do not fit, only one label occurs, or `l2` is not above zero.
    """
    _check(x, y)
    if not l2 > 0:
        raise ValueError("l2 must be above zero")
    if len(y.unique()) < 2:
        raise ValueError("both labels must occur")
    signed, size = _signed(x, y), len(x)
    ridge = torch.full((signed.shape[1],), float(l2), dtype=torch.float64, device=x.device)
    ridge[-1] = 0.0

    def loss(v: Tensor) -> Tensor:
        return torch.nn.functional.softplus(-(signed @ v)).mean() + (ridge * v * v).sum() / 2

    flat = FLAT * signed.abs().amax(0).clamp(min=1.0)
    v = torch.zeros_like(ridge)
    for _ in range(200):
        pull = torch.sigmoid(-(signed @ v))
        gradient = ridge * v - pull @ signed / size
        if bool((gradient.abs() <= flat).all()):
            break
        curvature = (signed * (pull * (1 - pull)).unsqueeze(1)).mT @ signed / size + torch.diag(ridge)
        step = torch.linalg.solve(curvature, gradient)
        length, slope = 1.0, (gradient @ step).item()
        while length > 1e-10 and loss(v - length * step) > loss(v) - 1e-4 * length * slope:
            length /= 2
        v = v - length * step
    return v[:-1], v[-1]


def separability(x: Tensor, y: Tensor) -> tuple[bool, Tensor]:
    """Decide whether a hyperplane separates two classes, with a proof either way.

    Args:
        x: points with whole coordinates, float64, shape (N, D), at least one.
        y: their labels, 1 or -1, int64, shape (N,).

    Returns:
        True and a separating (w, b), shape (D + 1,); or False and multipliers with sum one that cancel, shape (N,).

    Raises:
        ValueError: the shapes or labels do not fit, or there are no points.
    """
    _check(x, y)
    if len(x) == 0:
        raise ValueError("there must be at least one point")
    signed = _signed(x, y)
    scale = signed.abs().max()
    columns = torch.cat([signed.mT / scale, torch.ones(1, len(x), dtype=torch.float64, device=x.device)])
    target = torch.zeros(len(columns), dtype=torch.float64, device=x.device)
    target[-1] = 1.0
    weights = _nonnegative_least_squares(columns, target)
    rest = target - columns @ weights
    if rest.norm() < 1e-9:
        return False, weights / weights.sum()
    return True, -rest[:-1]  # at the optimum no column has an acute angle with the rest


def _nonnegative_least_squares(columns: Tensor, target: Tensor) -> Tensor:
    """Minimise |columns @ weights - target| over weights of zero or more, by Lawson and Hanson's active sets."""
    weights = torch.zeros(columns.shape[1], dtype=columns.dtype, device=columns.device)
    used: list[int] = []
    while len(used) < len(weights):
        gain = columns.mT @ (target - columns @ weights)
        gain[used] = -math.inf
        best = int(gain.argmax())
        if gain[best] <= 1e-11:
            break
        used.append(best)
        while True:
            found = torch.linalg.lstsq(columns[:, used], target.unsqueeze(1)).solution.squeeze(1)
            if bool((found > 0).all()):
                break
            old = weights[used]
            share = torch.where(found > 0, math.inf, old / (old - found)).min()
            weights[used] = old + share * (found - old)
            used = [i for i in used if weights[i] > 1e-13]
            weights[[i for i in range(len(weights)) if i not in used]] = 0.0
        weights[used] = found
    return weights


def _signed(x: Tensor, y: Tensor) -> Tensor:
    """y · (x, 1) for each sample, in double precision: the rows whose products with (w, b) are the margins."""
    return y.unsqueeze(1) * torch.nn.functional.pad(x.double(), (0, 1), value=1.0)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[0] * b[1] - a[1] * b[0]


def _check(x: Tensor, y: Tensor, w: Tensor | None = None, b: Tensor | None = None) -> None:
    if x.dim() != 2 or y.shape != x.shape[:1]:
        raise ValueError("x must be (N, D) and y (N,)")
    if not bool((y.abs() == 1).all()):
        raise ValueError("labels must be 1 or -1")
    if w is not None and w.shape != x.shape[1:]:
        raise ValueError("w must be (D,)")
    if b is not None and b.dim() != 0:
        raise ValueError("b must have no dimensions")
