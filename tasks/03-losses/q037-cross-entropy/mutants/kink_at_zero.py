# expect: binary-loss bad_gradient
"""Absolute value and maximum meet at a logit of zero, where autograd picks a wrong slope for the sum."""

checked_binary = bce_with_logits


def bce_with_logits(logits, target, pos_weight=None, reduction="mean"):
    checked_binary(logits, target, pos_weight, reduction)
    factor = 1.0 if pos_weight is None else pos_weight
    small = torch.log1p(torch.exp(-logits.abs()))
    zero = torch.zeros((), dtype=logits.dtype)
    yes = torch.where(logits > 0, zero, -logits) + small
    no = torch.where(logits > 0, logits, zero) + small
    losses = factor * target * yes + (1 - target) * no
    return _reduced(losses, torch.tensor(losses.numel()), reduction)
