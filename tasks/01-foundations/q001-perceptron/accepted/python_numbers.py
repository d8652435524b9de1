"""Plain Python numbers in loops, LBFGS for the logistic loss, and an exact simplex over fractions."""

import math
from fractions import Fraction

import torch
from torch import Tensor


def perceptron_output(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    if b.dim() or w.dim() != 1 or not x.dim() or x.size(-1) != w.numel():
        raise ValueError("shapes")
    score = (x.double() * w.double()).sum(-1) + b.double()
    return torch.where(score < 0, -1, 1)


def perceptron_fit(x: Tensor, y: Tensor, max_epochs: int) -> tuple[Tensor, Tensor, list[int]]:
    points, labels = listed(x, y)
    if max_epochs < 0:
        raise ValueError("max_epochs")
    w, b, history = [0.0] * x.size(1), 0.0, []
    for _ in range(max_epochs):
        wrong = 0
        for point, label in zip(points, labels):
            score = b
            for weight, value in zip(w, point):
                score += weight * value
            if label * score <= 0:
                wrong += 1
                b += label
                for j, value in enumerate(point):
                    w[j] += label * value
        history.append(wrong)
        if wrong == 0:
            break
    return torch.tensor(w, dtype=x.dtype), torch.tensor(b, dtype=x.dtype), history


def mistake_bound(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> float:
    points, labels = listed(x, y)
    if not points or w.shape != x.shape[1:] or b.dim():
        raise ValueError("shapes")
    v = [*w.tolist(), b.item()]
    length = math.hypot(*v)
    if length == 0:
        raise ValueError("no hyperplane")
    radius, gap = 0.0, math.inf
    for point, label in zip(points, labels):
        z = [*point, 1.0]
        radius = max(radius, math.hypot(*z))
        gap = min(gap, label * math.fsum(p * (q / length) for p, q in zip(z, v)))
    if gap <= 0:
        raise ValueError("not separated")
    return (radius / gap) ** 2


def xor_multipliers(corners: Tensor) -> Tensor:
    if tuple(corners.shape) != (4, 2):
        raise ValueError("shape")
    p = corners.double().tolist()
    minors = []
    for i in range(4):  # each corner counts in proportion to the triangle of the others
        (ax, ay), (bx, by), (cx, cy) = [p[j] for j in range(4) if j != i]
        minors.append((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))
    if not (all(m > 0 for m in minors) or all(m < 0 for m in minors)):
        raise ValueError("the diagonals do not cross")
    total = sum(minors)
    return torch.tensor([m / total for m in minors], dtype=corners.dtype)


def pulls(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    points, labels = listed(x, y)
    if w.shape != x.shape[1:] or b.dim():
        raise ValueError("shapes")
    hard, soft = [], []
    for point, label in zip(points, labels):
        m = label * (math.fsum(p * q for p, q in zip(point, w.tolist())) + b.item())
        hard.append(1.0 if m <= 0 else 0.0)
        soft.append(math.exp(-m) / (1 + math.exp(-m)) if m > 0 else 1 / (1 + math.exp(m)))
    return torch.tensor(hard, dtype=x.dtype), torch.tensor(soft, dtype=x.dtype)


def logistic_fit(x: Tensor, y: Tensor, l2: float) -> tuple[Tensor, Tensor]:
    listed(x, y)
    if not l2 > 0 or y.min() == y.max():
        raise ValueError("l2 or labels")
    size = x.abs().amax(0).clamp(min=1e-3)
    size = (size**2 / 4 + l2).sqrt()  # about the root of the curvature, so that LBFGS sees a round bowl
    u = torch.zeros(x.size(1), dtype=torch.float64, requires_grad=True)
    b = torch.zeros((), dtype=torch.float64, requires_grad=True)

    def loss() -> Tensor:
        margin = y * (x @ (u / size) + b)
        value = torch.nn.functional.softplus(-margin).mean() + l2 / 2 * (u / size).square().sum()
        u.grad, b.grad = torch.autograd.grad(value, (u, b), allow_unused=True)
        return value

    for _ in range(60):
        search = torch.optim.LBFGS(
            [u, b],
            max_iter=400,
            history_size=20,
            tolerance_grad=1e-13,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )
        search.step(loss)
        loss()
        if max(*(u.grad * size).abs().tolist(), b.grad.abs().item(), 0.0) < 1e-9:
            break
    return (u / size).detach(), b.detach()


def separability(x: Tensor, y: Tensor) -> tuple[bool, Tensor]:
    points, labels = listed(x, y)
    if not points:
        raise ValueError("no points")
    rows = x.size(1) + 2
    columns = [
        [Fraction(int(label * value)) for value in (*point, 1)] + [Fraction(1)] for point, label in zip(points, labels)
    ]
    count = len(columns)
    # phase one: artificial variables for Σ λ z = 0, Σ λ = 1, to be driven out
    table = [
        [columns[j][i] for j in range(count)]
        + [Fraction(int(i == k)) for k in range(rows)]
        + [Fraction(int(i == rows - 1))]
        for i in range(rows)
    ]
    basis = [count + i for i in range(rows)]
    costs = [-sum(table[i][j] for i in range(rows)) for j in range(count)] + [Fraction(0)] * rows
    costs.append(-sum(row[-1] for row in table))
    while True:
        enter = next((j for j in range(count) if costs[j] < 0), None)  # the first one, so that it never goes in circles
        if enter is None:
            break
        ratios = [(table[i][-1] / table[i][enter], basis[i], i) for i in range(rows) if table[i][enter] > 0]
        leave = min(ratios)[2]
        pivot = table[leave][enter]
        table[leave] = [value / pivot for value in table[leave]]
        for i in range(rows):
            if i != leave and table[i][enter]:
                factor = table[i][enter]
                table[i] = [a - factor * c for a, c in zip(table[i], table[leave])]
        factor = costs[enter]
        costs = [a - factor * c for a, c in zip(costs, table[leave])]
        basis[leave] = enter
    if costs[-1] == 0:
        multipliers = [0.0] * count
        for i, j in enumerate(basis):
            if j < count:
                multipliers[j] = float(table[i][-1])
        return False, torch.tensor(multipliers, dtype=torch.float64)
    dual = [1 - costs[count + i] for i in range(rows - 1)]
    return True, torch.tensor([-float(value) for value in dual], dtype=torch.float64)


def listed(x: Tensor, y: Tensor) -> tuple[list[list[float]], list[int]]:
    if x.dim() != 2 or y.dim() != 1 or len(x) != len(y):
        raise ValueError("shapes")
    labels = y.tolist()
    if set(labels) - {1, -1}:
        raise ValueError("labels")
    return x.tolist(), labels
