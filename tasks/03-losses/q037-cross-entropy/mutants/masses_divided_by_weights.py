# expect: soft-targets wrong_value
"""The mean over masses divides by the weight that the masses carry."""

checked_soft = soft_cross_entropy


def soft_cross_entropy(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
    if reduction != "mean" or weight is None or not target.is_floating_point():
        return checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
    carried = (target * weight.view(-1, *[1] * (logits.dim() - 2))).sum()
    return checked_soft(logits, target, weight, ignore_index, label_smoothing, "sum") / carried
