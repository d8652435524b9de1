# expect: chain-rule wrong_value
"""There are two modes, so the cheaper one of the two must be the best there is."""

best_of_all = chain_rule


def chain_rule(jacobians):
    whole, _ = best_of_all(jacobians)
    widths = [jacobians[0].shape[1], *(j.shape[0] for j in jacobians)]
    inner = list(itertools.pairwise(widths))
    forward = widths[0] * sum(a * b for a, b in inner[1:])
    backward = widths[-1] * sum(a * b for a, b in inner[:-1])
    return whole, min(forward, backward)
