# expect: chain-rule timeout
"""All orders are tried one after another; there are exponentially many."""

tabulated = chain_rule


def chain_rule(jacobians):
    whole, _ = tabulated(jacobians)
    widths = [jacobians[0].shape[1], *(j.shape[0] for j in jacobians)]

    def cost(i, j):
        if j == i + 1:
            return 0
        return min(cost(i, k) + cost(k, j) + widths[i] * widths[k] * widths[j] for k in range(i + 1, j))

    return whole, cost(0, len(jacobians))
