# expect: chain-rule wrong_value
"""The chain is multiplied as it is applied, from the input on, whatever the widths are."""

with_a_plan = chain_rule


def chain_rule(jacobians):
    with_a_plan(jacobians[:1])
    whole, count = jacobians[0], 0
    for jacobian in jacobians[1:]:
        if whole.ndim != 2 or jacobian.ndim != 2 or whole.shape[0] != jacobian.shape[1]:
            raise ValueError("shapes")
        count += jacobian.shape[0] * whole.shape[0] * whole.shape[1]
        whole = jacobian @ whole
    return whole, count
