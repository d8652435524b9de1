# expect: linear-cross-entropy wrong_value
"""The gradient of the weights is overwritten by every chunk instead of summed up."""

checked_linear = linear_cross_entropy


def linear_cross_entropy(hidden, weight, target, chunk, ignore_index=-100):
    loss, grad_hidden, _ = checked_linear(hidden, weight, target, chunk, ignore_index)
    start = (len(hidden) - 1) // chunk * chunk if len(hidden) else 0
    rest = torch.where(torch.arange(len(target)) >= start, target, ignore_index)
    share = (rest != ignore_index).sum() / (target != ignore_index).sum().clamp(min=1)
    return loss, grad_hidden, share * checked_linear(hidden, weight, rest, chunk, ignore_index)[2]
