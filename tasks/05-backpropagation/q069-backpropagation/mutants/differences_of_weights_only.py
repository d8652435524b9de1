# expect: operation-count wrong_value
"""Biases are forgotten among the numbers that have to be moved one by one."""

all_numbers = multiplications


def multiplications(sizes, batch, input_gradient=False):
    forward, backward, _ = all_numbers(sizes, batch, input_gradient)
    count = sum(a * b for a, b in itertools.pairwise(sizes)) + (batch * sizes[0] if input_gradient else 0)
    return forward, backward, 2 * count * forward
