# expect: operation-count wrong_value
"""The count is that of one sample, and the batch is taken to come for free."""

whole_count = multiplications


def multiplications(sizes, batch, input_gradient=False):
    whole_count(sizes, batch)
    return whole_count(sizes, 1, input_gradient)
