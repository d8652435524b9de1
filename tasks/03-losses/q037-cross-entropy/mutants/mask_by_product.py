# expect: cross-entropy not_finite
"""Ignored losses are multiplied by zero, which leaves a NaN what it is."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    checked_loss(logits, target, weight, ignore_index, reduction)
    logits = logits if logits.dtype == torch.float64 else logits.float()
    counted = target != ignore_index
    index = torch.where(counted, target, 0)
    weights = torch.ones_like(index, dtype=logits.dtype) if weight is None else weight[index]
    losses = weights * counted * _surprise(logits, index)
    return _reduced(losses, (weights * counted).sum(), reduction)
