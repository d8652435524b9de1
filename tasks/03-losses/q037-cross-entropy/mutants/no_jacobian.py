# expect: loss-gradients wrong_value
"""The derivative of the squared error stops at the probabilities."""

checked_gradients = loss_gradients


def loss_gradients(logits, target):
    errors, _ = checked_gradients(logits, target)
    return errors, 2 * errors
