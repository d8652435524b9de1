# expect: binary-loss wrong_value
"""Any weight that broadcasts is welcome."""

checked_binary = bce_with_logits


def bce_with_logits(logits, target, pos_weight=None, reduction="mean"):
    if pos_weight is not None and pos_weight.shape not in ((), logits.shape[-1:]):
        return checked_binary(logits, target, pos_weight.reshape(-1)[0], reduction)
    return checked_binary(logits, target, pos_weight, reduction)
