# expect: information wrong_shape
"""The sums run over the whole tensor instead of the last dimension."""

checked_information = information


def information(p, q, base=math.e):
    checked_information(p, q, base)
    entropy, cross, divergence = (x.sum() for x in checked_information(p, q, base))
    return entropy, cross, divergence
