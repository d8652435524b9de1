# expect: linear-cross-entropy wrong_value
"""Ignored rows cost nothing but still count in the mean."""

checked_linear = linear_cross_entropy


def linear_cross_entropy(hidden, weight, target, chunk, ignore_index=-100):
    loss, grad_hidden, grad_weight = checked_linear(hidden, weight, target, chunk, ignore_index)
    share = (target != ignore_index).sum() / max(1, len(target))
    return loss * share, grad_hidden * share, grad_weight * share
