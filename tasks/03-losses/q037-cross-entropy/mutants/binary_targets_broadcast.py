# expect: binary-loss wrong_value
"""Targets of another shape are broadcast over the logits, or the other way round."""

checked_binary = bce_with_logits


def bce_with_logits(logits, target, pos_weight=None, reduction="mean"):
    logits, target = torch.broadcast_tensors(logits, target)
    return checked_binary(logits, target, pos_weight, reduction)
