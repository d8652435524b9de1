# expect: chain-rule wrong_value
"""A multiplication comes with an addition, so the count is doubled."""

multiplied = chain_rule


def chain_rule(jacobians):
    whole, count = multiplied(jacobians)
    return whole, 2 * count
