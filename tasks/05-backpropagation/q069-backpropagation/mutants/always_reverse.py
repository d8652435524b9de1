# expect: chain-rule wrong_value
"""Backpropagation starts at the output, so that must be the cheapest for every chain."""

cheapest = chain_rule


def chain_rule(jacobians):
    cheapest(jacobians[:1])
    whole, count = jacobians[-1], 0
    for jacobian in reversed(jacobians[:-1]):
        if whole.ndim != 2 or jacobian.ndim != 2 or whole.shape[1] != jacobian.shape[0]:
            raise ValueError("shapes")
        count += whole.shape[0] * whole.shape[1] * jacobian.shape[1]
        whole = whole @ jacobian
    return whole, count
