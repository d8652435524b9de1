# expect: cross-entropy wrong_value
"""Everything is flattened to rows of C numbers without moving the classes to the end."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    checked_loss(logits, target, weight, ignore_index, reduction)
    logits = logits if logits.dtype == torch.float64 else logits.float()
    counted = target != ignore_index
    index = torch.where(counted, target, 0)
    weights = torch.ones_like(index, dtype=logits.dtype) if weight is None else weight[index]
    count = logits.size(1)
    surprise = _surprise(logits.reshape(-1, count), index.reshape(-1)).reshape(target.shape)
    return _reduced(torch.where(counted, weights * surprise, 0), (weights * counted).sum(), reduction)
