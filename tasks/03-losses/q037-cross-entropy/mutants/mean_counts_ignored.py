# expect: cross-entropy wrong_value
"""The mean divides by the number of all places, ignored or not."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    losses = checked_loss(logits, target, weight, ignore_index, "none")
    if reduction != "mean":
        return checked_loss(logits, target, weight, ignore_index, reduction)
    total = torch.ones(target.shape).sum() if weight is None else weight[target.clamp(min=0, max=len(weight) - 1)].sum()
    return losses.sum() / total.clamp(min=1e-9).to(losses.dtype)
