# expect: linear-cross-entropy wrong_value
"""Rows that do not fill a chunk are left out."""

checked_linear = linear_cross_entropy


def linear_cross_entropy(hidden, weight, target, chunk, ignore_index=-100):
    checked_linear(hidden, weight, target, chunk, ignore_index)
    whole = len(hidden) // chunk * chunk if chunk < len(hidden) else len(hidden)
    loss, grads, grad_weight = checked_linear(hidden[:whole], weight, target[:whole], chunk, ignore_index)
    return loss, torch.cat([grads, torch.zeros_like(hidden[whole:])]), grad_weight
