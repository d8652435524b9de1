# expect: backward-order exception
"""The whole graph is sorted, whatever the output depends on, so a cycle anywhere is an error."""

dependent_order = backward_order


def backward_order(inputs, output):
    if not 0 <= output < len(inputs):
        raise ValueError("no such node")
    uses = [0] * len(inputs)
    for sources in inputs:
        for source in sources:
            uses[source] += 1
    order = [node for node, count in enumerate(uses) if count == 0]
    for node in order:
        for source in inputs[node]:
            uses[source] -= 1
            if uses[source] == 0:
                order.append(source)
    if len(order) < len(inputs):
        raise ValueError("a cycle")
    return order
