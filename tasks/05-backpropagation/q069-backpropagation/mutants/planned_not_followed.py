# expect: chain-rule too_slow
"""The cheapest order is found and reported, and then the product is made from the output on."""

planned = chain_rule


def chain_rule(jacobians):
    count = planned([j[:1, :1].expand(j.shape) if j.ndim == 2 else j for j in jacobians])[1]
    whole = jacobians[-1]
    for jacobian in reversed(jacobians[:-1]):
        whole = whole @ jacobian
    return whole, count
