# expect: operation-count wrong_value
"""The rule of thumb is taken for the count: the gradient of the input is never wanted, yet it is charged."""

exact_count = multiplications


def multiplications(sizes, batch, input_gradient=False):
    forward, _, differences = exact_count(sizes, batch, input_gradient)
    return forward, 2 * forward, differences
