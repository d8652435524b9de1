# expect: cross-entropy not_finite
"""The exponentials are taken of the logits as they come."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    checked_loss(logits, target, weight, ignore_index, reduction)
    logits = logits if logits.dtype == torch.float64 else logits.float()
    counted = target != ignore_index
    index = torch.where(counted, target, 0)
    weights = torch.ones_like(index, dtype=logits.dtype) if weight is None else weight[index]
    surprise = logits.exp().sum(1).log() - logits.gather(1, index.unsqueeze(1)).squeeze(1)
    return _reduced(torch.where(counted, weights * surprise, 0), (weights * counted).sum(), reduction)
