# expect: operation-count wrong_value
"""The counts are products of floats, rounded at the end."""

in_integers = multiplications


def multiplications(sizes, batch, input_gradient=False):
    return tuple(int(float(n)) for n in in_integers(sizes, batch, input_gradient))
