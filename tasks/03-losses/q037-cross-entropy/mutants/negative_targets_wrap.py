# expect: loss-gradients wrong_value
"""Negative targets count from the last class, as indices do."""

checked_gradients = loss_gradients


def loss_gradients(logits, target):
    return checked_gradients(logits, torch.where(target < 0, target + logits.size(-1), target))
