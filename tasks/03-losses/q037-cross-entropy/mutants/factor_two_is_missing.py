# expect: loss-gradients wrong_value
"""The square is differentiated as if it had a half in front."""

checked_gradients = loss_gradients


def loss_gradients(logits, target):
    errors, squared = checked_gradients(logits, target)
    return errors, squared / 2
