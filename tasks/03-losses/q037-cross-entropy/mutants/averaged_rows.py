# expect: loss-gradients wrong_value
"""The gradient of the mean over rows is returned."""

checked_gradients = loss_gradients


def loss_gradients(logits, target):
    errors, squared = checked_gradients(logits, target)
    return errors / max(1, len(logits)), squared / max(1, len(logits))
