# expect: loss-gradients wrong_value
"""The derivative of softmax is taken for that of a sigmoid, p (1 - p)."""

checked_gradients = loss_gradients


def loss_gradients(logits, target):
    errors, _ = checked_gradients(logits, target)
    p = _log_probabilities(logits).exp()
    return errors, 2 * errors * p * (1 - p)
