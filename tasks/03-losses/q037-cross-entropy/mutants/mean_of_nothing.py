# expect: cross-entropy not_finite
"""A batch of nothing but padding divides zero by zero."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    answer = checked_loss(logits, target, weight, ignore_index, reduction)
    counted = (target != ignore_index).sum()
    return answer if reduction != "mean" else answer * counted / counted
