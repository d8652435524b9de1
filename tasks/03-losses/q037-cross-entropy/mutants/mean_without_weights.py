# expect: cross-entropy wrong_value
"""A weighted mean is divided by the number of places."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    if reduction != "mean":
        return checked_loss(logits, target, weight, ignore_index, reduction)
    losses = checked_loss(logits, target, weight, ignore_index, "none")
    return losses.sum() / (target != ignore_index).sum().clamp(min=1)
