# expect: backward-order mutated_input
"""The walk takes edges off the graph as it goes, which needs no second list of what was seen."""

careful_order = backward_order


def backward_order(inputs, output):
    order = careful_order(inputs, output)
    for node in order:
        inputs[node].clear()
    return order
