# expect: linear-cross-entropy not_finite
"""The logits of a chunk are exponentiated as they are."""

checked_linear = linear_cross_entropy


def linear_cross_entropy(hidden, weight, target, chunk, ignore_index=-100):
    loss, grad_hidden, grad_weight = checked_linear(hidden, weight, target, chunk, ignore_index)
    for rows, labels in zip(hidden.split(chunk), target.split(chunk)):
        totals = (rows @ weight.T).exp().sum(1)
        loss = loss + 0 * totals[labels != ignore_index].log().sum()
    return loss, grad_hidden, grad_weight
