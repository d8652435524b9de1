# expect: binary-loss wrong_value
"""The usual closed form subtracts two large numbers and loses the small loss of a confident no."""

checked_binary = bce_with_logits


def bce_with_logits(logits, target, pos_weight=None, reduction="mean"):
    checked_binary(logits, target, pos_weight, reduction)
    factor = 1.0 if pos_weight is None else pos_weight
    zero = torch.zeros((), dtype=logits.dtype)
    losses = (1 - target) * logits + (1 + (factor - 1) * target) * torch.logaddexp(-logits, zero)
    return _reduced(losses, torch.tensor(losses.numel()), reduction)
