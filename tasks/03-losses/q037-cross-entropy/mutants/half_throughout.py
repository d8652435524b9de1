# expect: cross-entropy wrong_dtype
"""Half-precision logits give a half-precision loss."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    return checked_loss(logits, target, weight, ignore_index, reduction).to(logits.dtype)
