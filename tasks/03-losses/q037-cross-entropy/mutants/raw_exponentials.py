# expect: loss-gradients not_finite
"""The probabilities come from exponentials of the logits as they are."""

checked_gradients = loss_gradients


def loss_gradients(logits, target):
    checked_gradients(logits, target)
    p = logits.exp() / logits.exp().sum(1, keepdim=True)
    errors = p.clone()
    errors[torch.arange(len(target)), target] -= 1
    return errors, 2 * p * (errors - (p * errors).sum(1, keepdim=True))
