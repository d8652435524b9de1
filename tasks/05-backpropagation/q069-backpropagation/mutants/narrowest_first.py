# expect: chain-rule wrong_value
"""Greedy: the products over the widest inner dimensions are made first."""

by_table = chain_rule


def chain_rule(jacobians):
    whole, _ = by_table(jacobians)
    widths, count = [jacobians[0].shape[1], *(j.shape[0] for j in jacobians)], 0
    while len(widths) > 2:
        i = max(range(1, len(widths) - 1), key=lambda i: widths[i])
        count += widths[i - 1] * widths[i] * widths[i + 1]
        del widths[i]
    return whole, count
