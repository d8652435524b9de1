# expect: linear-cross-entropy wrong_value
"""A chunk below one is read as one, and a single target as one for all rows."""

checked_linear = linear_cross_entropy


def linear_cross_entropy(hidden, weight, target, chunk, ignore_index=-100):
    if hidden.dim() == 2 and target.shape == (1,):
        target = target.expand(len(hidden))
    return checked_linear(hidden, weight, target, max(1, chunk), ignore_index)
