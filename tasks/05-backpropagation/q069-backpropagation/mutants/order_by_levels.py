# expect: backward-order wrong_value
"""A breadth-first walk from the output is taken for an order in which users come first."""

safe_order = backward_order


def backward_order(inputs, output):
    safe_order(inputs, output)
    order = [output]
    for node in order:
        order += [source for source in dict.fromkeys(inputs[node]) if source not in order]
    return order
