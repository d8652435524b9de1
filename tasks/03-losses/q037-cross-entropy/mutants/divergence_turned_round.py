# expect: information wrong_value
"""The divergence is taken for symmetric, and the model put in the place of the truth."""

checked_information = information


def information(p, q, base=math.e):
    checked_information(p, q, base)
    entropy, cross, _ = checked_information(p, q, base)
    return entropy, cross, checked_information(q, p, base)[2]
