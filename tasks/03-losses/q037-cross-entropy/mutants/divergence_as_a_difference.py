# expect: information wrong_value
"""The divergence is the difference of two rounded numbers that are nearly equal."""

checked_information = information


def information(p, q, base=math.e):
    checked_information(p, q, base)
    entropy, cross, _ = checked_information(p, q, base)
    return entropy, cross, cross - entropy
