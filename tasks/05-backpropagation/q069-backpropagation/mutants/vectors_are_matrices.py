# expect: chain-rule wrong_value
"""A vector is taken for a Jacobian of one column, and no chain at all for an error of the caller."""

matrices_only = chain_rule


def chain_rule(jacobians):
    return matrices_only([j[:, None] if j.ndim == 1 else j for j in jacobians])
