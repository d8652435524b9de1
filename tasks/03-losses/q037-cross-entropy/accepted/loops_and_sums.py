"""Loops over classes, sequences and small blocks of rows, where no budget forbids them."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

REDUCTIONS = ("none", "sum", "mean")


def _classes(logits, target, weight, ignore):
    if logits.dim() < 2:
        raise ValueError("logits need a dimension of classes")
    count = logits.shape[1]
    if list(target.shape) != [logits.shape[0]] + list(logits.shape[2:]):
        raise ValueError("target does not fit")
    if weight is not None and list(weight.shape) != [count]:
        raise ValueError("weight does not fit")
    valid = (target >= 0) & (target < count)
    if not bool((valid | (target == ignore)).all() if ignore is not None else valid.all()):
        raise ValueError("target is no class")
    return count


def cross_entropy(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    if reduction not in REDUCTIONS:
        raise ValueError("reduction")
    _classes(logits, target, weight, ignore_index)
    x = logits.to(torch.float32) if logits.dtype in (torch.float16, torch.bfloat16) else logits
    skipped = target.eq(ignore_index)
    index = target.masked_fill(skipped, 0).unsqueeze(1)
    highest = x.amax(dim=1, keepdim=True)
    shifted = x - highest
    chosen = torch.take_along_dim(shifted, index, dim=1)
    normaliser = torch.exp(shifted).sum(dim=1, keepdim=True)
    losses = (normaliser.log() - chosen).squeeze(1)
    factors = torch.ones_like(losses) if weight is None else weight.take(index.squeeze(1))
    losses = (factors * losses).masked_fill(skipped, 0.0)
    if reduction == "none":
        return losses
    total = losses.sum()
    if reduction == "sum":
        return total
    divisor = factors.masked_fill(skipped, 0.0).sum()
    return total / divisor if divisor > 0 else total


def bce_with_logits(
    logits: Tensor, target: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    if reduction not in REDUCTIONS or target.shape != logits.shape:
        raise ValueError("shapes or reduction")
    if pos_weight is None:
        pos_weight = torch.ones((), dtype=logits.dtype)
    elif pos_weight.dim() > 1 or (pos_weight.dim() == 1 and pos_weight.shape != logits.shape[-1:]):
        raise ValueError("pos_weight")
    losses = -(pos_weight * target * F.logsigmoid(logits) + (1 - target) * F.logsigmoid(-logits))
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / max(1, losses.numel())


def information(p: Tensor, q: Tensor, base: float = math.e) -> tuple[Tensor, Tensor, Tensor]:
    if p.shape != q.shape or not 0 < base < float("inf") or base == 1:
        raise ValueError("shapes or base")
    width = p.shape[-1]
    sums: list[list[float]] = [[], [], []]
    for a, b in zip(p.reshape(-1, width).tolist(), q.reshape(-1, width).tolist(), strict=True):
        own = cross = gap = 0.0
        for x, y in zip(a, b, strict=True):
            if x == 0:
                continue
            own -= x * math.log(x)
            cross += -x * math.log(y) if y else math.inf
            gap += x * math.log(x / y) if y else math.inf
        for column, value in zip(sums, (own, cross, gap), strict=True):
            column.append(value / math.log(base))
    own, cross, gap = (torch.tensor(column, dtype=torch.float64).to(p.dtype).reshape(p.shape[:-1]) for column in sums)
    return own, cross, gap


def loss_gradients(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    if logits.dim() != 2:
        raise ValueError("logits")
    count = _classes(logits, target, None, None)
    answers = torch.zeros(2, *logits.shape, dtype=logits.dtype)
    for n, label in enumerate(target.tolist()):
        row = logits[n].double()
        p = torch.exp(row - row.max())
        p = p / p.sum()
        for k in range(count):
            answers[0, n, k] = p[k] - float(k == label)
            slope = 0.0
            for c in range(count):
                slope = slope + 2 * (p[c] - float(c == label)) * p[c] * (float(c == k) - p[k])
            answers[1, n, k] = slope
    return answers[0], answers[1]


def log_likelihood(logits: Tensor, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    if logits.dim() != 3 or lengths.dim() != 1 or list(tokens.shape) != list(logits.shape[:2]):
        raise ValueError("shapes")
    if len(lengths) != len(logits):
        raise ValueError("lengths")
    scores, predicted = [], 0
    for rows, words, length in zip(logits, tokens, lengths.tolist(), strict=True):
        if not 0 <= length <= len(words):
            raise ValueError("length")
        steps = max(0, length - 1)
        total = 0.0
        if steps:
            losses = cross_entropy(rows[:steps].double(), words[1:length], reduction="none")
            total = -float(losses.sum())
        scores.append(total)
        predicted += steps
    mean = -sum(scores) / predicted if predicted else 0.0
    perplexity = math.exp(mean) if mean < 700 else math.inf
    return torch.tensor(scores, dtype=logits.dtype), torch.tensor(perplexity, dtype=logits.dtype)


def soft_cross_entropy(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Tensor:
    if reduction not in REDUCTIONS or not 0 <= label_smoothing <= 1:
        raise ValueError("reduction or smoothing")
    soft = target.dtype.is_floating_point
    if soft:
        if logits.dim() < 2 or target.shape != logits.shape:
            raise ValueError("masses do not fit")
        count = _classes(logits, torch.zeros(target.select(1, 0).shape, dtype=torch.int64), weight, None)
    else:
        count = _classes(logits, target, weight, ignore_index)
    weights = torch.ones(count, dtype=logits.dtype) if weight is None else weight
    shifted = logits - logits.max(dim=1, keepdim=True).values
    normaliser = shifted.exp().sum(dim=1).log()
    losses = torch.zeros_like(normaliser)
    for c in range(count):
        mass = target.select(1, c) if soft else (target == c).to(logits.dtype)
        share = weights[c] * ((1 - label_smoothing) * mass + label_smoothing / count)
        losses = losses + torch.where(share > 0, share * (normaliser - shifted.select(1, c)), 0.0)
    if soft:
        divisor = float(losses.numel())
    else:
        losses = torch.where(target == ignore_index, 0.0, losses)
        divisor = sum(float(weights[c]) * int((target == c).sum()) for c in range(count) if c != ignore_index)
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" or not divisor else losses.sum() / divisor


def linear_cross_entropy(
    hidden: Tensor, weight: Tensor, target: Tensor, chunk: int, ignore_index: int = -100
) -> tuple[Tensor, Tensor, Tensor]:
    if hidden.dim() != 2 or weight.dim() != 2 or hidden.shape[1:] != weight.shape[1:]:
        raise ValueError("shapes")
    if target.dim() != 1 or len(target) != len(hidden) or chunk <= 0:
        raise ValueError("target or chunk")
    labels = target.tolist()
    if any(label != ignore_index and not 0 <= label < len(weight) for label in labels):
        raise ValueError("target is no word")
    counted = [n for n, label in enumerate(labels) if label != ignore_index]
    share = 1 / max(1, len(counted))
    loss = 0.0
    grad_hidden, grad_weight = torch.zeros_like(hidden), torch.zeros_like(weight)
    step = min(chunk, 64)
    for start in range(0, len(counted), step):
        block = counted[start : start + step]
        scores = weight @ hidden[block].T
        scores -= scores.amax(0)
        normaliser = scores.exp().sum(0).log()
        columns = range(len(block))
        right = [labels[n] for n in block]
        loss += share * float((normaliser - scores[right, columns]).double().sum())
        slope = (scores - normaliser).exp_()
        slope[right, columns] -= 1
        grad_hidden[block] = share * slope.T @ weight
        grad_weight += share * slope @ hidden[block]
    return torch.tensor(loss, dtype=hidden.dtype), grad_hidden, grad_weight
