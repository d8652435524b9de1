# expect: binary-loss wrong_value
"""The weight multiplies the whole loss of an element."""

checked_binary = bce_with_logits


def bce_with_logits(logits, target, pos_weight=None, reduction="mean"):
    checked_binary(logits, target, pos_weight, reduction)
    factor = 1.0 if pos_weight is None else pos_weight
    losses = factor * checked_binary(logits, target, None, "none")
    return _reduced(losses, torch.tensor(losses.numel()), reduction)
