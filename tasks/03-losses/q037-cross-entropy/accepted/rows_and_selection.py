"""Everything as a table of rows: the places that count are selected, and gradients come from autograd or a Jacobian."""

import math

import torch
from torch import Tensor
from torch.nn import functional


def log_table(rows: Tensor) -> Tensor:
    """Log-softmax of each row."""
    rows = rows - rows.max(dim=-1, keepdim=True).values.detach()
    total = torch.exp(rows).sum(dim=-1, keepdim=True)
    return rows - torch.log(total)


def check_targets(target: Tensor, classes: int, ignore_index: int | None) -> Tensor:
    keep = torch.ones_like(target, dtype=torch.bool) if ignore_index is None else target != ignore_index
    left = target[keep]
    if left.numel() and (int(left.min()) < 0 or int(left.max()) >= classes):
        raise ValueError("a target is no class")
    return keep


def finish(losses: Tensor, divisor: float | Tensor, reduction: str) -> Tensor:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.sum() / divisor if float(divisor) > 0 else losses.sum()


def cross_entropy(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    if reduction not in {"none", "sum", "mean"}:
        raise ValueError(reduction)
    if logits.ndim < 2 or tuple(target.shape) != (logits.shape[0], *logits.shape[2:]):
        raise ValueError("shapes")
    classes = logits.shape[1]
    if weight is not None and tuple(weight.shape) != (classes,):
        raise ValueError("weight")
    keep = check_targets(target, classes, ignore_index)
    rows = torch.movedim(logits, 1, -1)[keep]
    if rows.dtype in (torch.half, torch.bfloat16):
        rows = rows.float()
    labels = target[keep]
    losses = -log_table(rows).gather(-1, labels[:, None])[:, 0]
    divisor = float(labels.numel())
    if weight is not None:
        losses = losses * weight[labels]
        divisor = weight[labels].sum()
    if reduction == "none":
        return torch.zeros(target.shape, dtype=losses.dtype).masked_scatter(keep, losses)
    return finish(losses, divisor, reduction)


def bce_with_logits(
    logits: Tensor, target: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    if reduction not in {"none", "sum", "mean"}:
        raise ValueError(reduction)
    if logits.shape != target.shape:
        raise ValueError("shapes")
    if pos_weight is not None and pos_weight.ndim and tuple(pos_weight.shape) != tuple(logits.shape[-1:]):
        raise ValueError("pos_weight")
    yes = functional.softplus(-logits) * target
    no = functional.softplus(logits) * (1 - target)
    if pos_weight is not None:
        yes = yes * pos_weight
    return finish(yes + no, float(logits.numel()), reduction)


def information(p: Tensor, q: Tensor, base: float = math.e) -> tuple[Tensor, Tensor, Tensor]:
    if p.shape != q.shape:
        raise ValueError("shapes")
    if not (base > 0 and base != 1 and math.isfinite(base)):
        raise ValueError("base")
    a, b = p.to(torch.float64), q.to(torch.float64)
    unit = 1 / math.log(base)
    entropy = -torch.xlogy(a, a).sum(-1) * unit
    cross = -torch.xlogy(a, b).sum(-1) * unit
    ratio = torch.where(a == 0, torch.ones_like(a), a) / torch.where(a == 0, torch.ones_like(b), b)
    divergence = (a * ratio.log()).sum(-1) * unit
    return entropy.to(p.dtype), cross.to(p.dtype), divergence.to(p.dtype)


def loss_gradients(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    if logits.ndim != 2 or target.shape != logits.shape[:1]:
        raise ValueError("shapes")
    check_targets(target, logits.shape[1], None)
    p = log_table(logits).exp()
    y = functional.one_hot(target, logits.shape[1]).to(p.dtype)
    jacobian = torch.diag_embed(p) - torch.einsum("ni,nj->nij", p, p)
    return p - y, torch.einsum("nij,ni->nj", jacobian, 2 * (p - y))


def log_likelihood(logits: Tensor, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    if logits.ndim != 3 or tokens.shape != logits.shape[:2] or lengths.shape != logits.shape[:1]:
        raise ValueError("shapes")
    if bool((lengths < 0).any()) or bool((lengths > logits.shape[1]).any()):
        raise ValueError("lengths")
    keep = torch.arange(logits.shape[1] - 1)[None] + 1 < lengths[:, None]
    rows, words = logits[:, :-1][keep], tokens[:, 1:][keep]
    owner = keep.nonzero()[:, 0]
    gained = log_table(rows.double()).gather(1, words[:, None])[:, 0]
    scores = torch.zeros(len(logits), dtype=torch.float64).index_add(0, owner, gained)
    perplexity = torch.exp(-gained.mean()) if len(gained) else torch.ones((), dtype=torch.float64)
    return scores.to(logits.dtype), perplexity.to(logits.dtype)


def soft_cross_entropy(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Tensor:
    if reduction not in {"none", "sum", "mean"}:
        raise ValueError(reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError("label_smoothing")
    if logits.ndim < 2:
        raise ValueError("logits")
    classes = logits.shape[1]
    shape = (logits.shape[0], *logits.shape[2:])
    if weight is not None and tuple(weight.shape) != (classes,):
        raise ValueError("weight")
    scores = log_table(torch.movedim(logits, 1, -1))
    if target.is_floating_point():
        if target.shape != logits.shape:
            raise ValueError("shapes")
        keep = torch.ones(shape, dtype=torch.bool)
        mass = torch.movedim(target, 1, -1)
    else:
        if tuple(target.shape) != shape:
            raise ValueError("shapes")
        keep = check_targets(target, classes, ignore_index)
        mass = functional.one_hot(target.masked_fill(~keep, 0), classes).to(scores.dtype)
    share = mass * (1 - label_smoothing) + label_smoothing / classes
    divisor: float | Tensor = float(keep.sum())
    if weight is not None:
        if not target.is_floating_point():
            divisor = weight[target[keep]].sum()
        share = share * weight
    share = share * keep[..., None]
    absent = share == 0
    losses = -(share * scores.masked_fill(absent, 0.0)).sum(-1)
    return finish(losses, divisor, reduction)


def linear_cross_entropy(
    hidden: Tensor, weight: Tensor, target: Tensor, chunk: int, ignore_index: int = -100
) -> tuple[Tensor, Tensor, Tensor]:
    if hidden.ndim != 2 or weight.ndim != 2 or hidden.shape[1] != weight.shape[1]:
        raise ValueError("shapes")
    if target.shape != hidden.shape[:1] or chunk < 1:
        raise ValueError("shapes")
    keep = check_targets(target, len(weight), ignore_index)
    count = max(1, int(keep.sum()))
    loss = torch.zeros((), dtype=hidden.dtype)
    grad_hidden, grad_weight = torch.zeros_like(hidden), torch.zeros_like(weight)
    for positions in keep.nonzero()[:, 0].split(chunk):
        if not len(positions):
            continue
        with torch.enable_grad():
            rows, table = hidden[positions].detach().requires_grad_(), weight.detach().requires_grad_()
            part = -log_table(rows @ table.mT).gather(1, target[positions, None]).sum() / count
        by_rows, by_table = torch.autograd.grad(part, (rows, table))
        loss = loss + part.detach()
        grad_hidden[positions] = by_rows
        grad_weight += by_table
    return loss, grad_hidden, grad_weight
