# expect: soft-targets wrong_value
"""Ignored places lose their class but keep the mass of the smoothing."""

checked_soft = soft_cross_entropy


def soft_cross_entropy(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
    answer = checked_soft(logits, target, weight, ignore_index, label_smoothing, reduction)
    if target.is_floating_point() or label_smoothing == 0 or reduction != "sum":
        return answer
    padding = (target == ignore_index).unsqueeze(1)
    return answer - label_smoothing / logits.size(1) * torch.where(padding, _log_probabilities(logits), 0).sum()
