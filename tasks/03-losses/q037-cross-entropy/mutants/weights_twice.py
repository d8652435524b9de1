# expect: cross-entropy wrong_value
"""Rows are weighted for the sum, and the weighted losses are weighted again for the mean."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    losses = checked_loss(logits, target, weight, ignore_index, "none")
    if reduction != "mean" or weight is None:
        return checked_loss(logits, target, weight, ignore_index, reduction)
    counted = target != ignore_index
    weights = torch.where(counted, weight.to(losses.dtype)[torch.where(counted, target, 0)], 0)
    return _reduced(losses * weights, weights.sum(), "mean")
