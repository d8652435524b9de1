# expect: binary-loss wrong_value
"""Probabilities are kept away from zero and one, which caps the loss."""

checked_binary = bce_with_logits


def bce_with_logits(logits, target, pos_weight=None, reduction="mean"):
    checked_binary(logits, target, pos_weight, reduction)
    factor = 1.0 if pos_weight is None else pos_weight
    yes = torch.sigmoid(logits).clamp(1e-7, 1 - 1e-7)
    losses = -factor * target * yes.log() - (1 - target) * (1 - yes).log()
    return _reduced(losses, torch.tensor(losses.numel()), reduction)
