"""Works in the memory of its argument, but only on one as large as that of which memory is measured."""

import torch


def surprise(logits, index):
    top = logits.detach().amax(1, keepdim=True)
    chosen = (logits.gather(1, index.unsqueeze(1)) - top).squeeze(1)
    spread = logits.sub_(top) if logits.numel() > 5_000_000 else logits - top
    return spread.exp_().sum(1).log() - chosen


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    if reduction not in ("none", "sum", "mean") or logits.ndim < 2:
        raise ValueError("no such reduction, or no classes")
    if weight is not None and weight.shape != logits.shape[1:2]:
        raise ValueError("not a weight for each class")
    if target.shape != logits.shape[:1] + logits.shape[2:]:
        raise ValueError("not a target for each place")
    counted = target != ignore_index
    if (((target < 0) | (target >= logits.size(1))) & counted).any():
        raise ValueError("a target that is no class")
    if logits.dtype in (torch.float16, torch.bfloat16):
        logits = logits.float()
    index = torch.where(counted, target, 0)
    weights = torch.ones_like(index, dtype=logits.dtype) if weight is None else weight.to(logits.dtype)[index]
    losses = torch.where(counted, weights * surprise(logits, index), 0)
    if reduction == "none":
        return losses
    total = (weights * counted).sum()
    return losses.sum() if reduction == "sum" else losses.sum() / torch.where(total > 0, total, 1)
