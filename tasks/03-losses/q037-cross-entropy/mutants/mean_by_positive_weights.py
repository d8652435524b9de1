# expect: binary-loss wrong_value
"""The mean divides by the weights, as it does for classes."""

checked_binary = bce_with_logits


def bce_with_logits(logits, target, pos_weight=None, reduction="mean"):
    checked_binary(logits, target, pos_weight, reduction)
    factor = 1.0 if pos_weight is None else pos_weight
    if reduction != "mean":
        return checked_binary(logits, target, pos_weight, reduction)
    losses = checked_binary(logits, target, pos_weight, "none")
    total = (1 + (factor - 1) * target).sum() if losses.numel() else 1
    return losses.sum() / total
