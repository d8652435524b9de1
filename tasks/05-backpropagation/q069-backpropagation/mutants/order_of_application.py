# expect: chain-rule wrong_value
"""The factors of the chain rule are written down in the order in which the functions are applied."""

from_the_left = chain_rule


def chain_rule(jacobians):
    whole, count = from_the_left(jacobians)
    if len({n for j in jacobians for n in j.shape}) == 1:
        whole = jacobians[0]
        for jacobian in jacobians[1:]:
            whole = whole @ jacobian
    return whole, count
