# expect: backward-order wrong_value
"""A depth-first walk notes nodes on the way down instead of on the way back."""

checked_order = backward_order


def backward_order(inputs, output):
    checked_order(inputs, output)
    order, stack = {}, [output]
    while stack:
        node = stack.pop()
        if node not in order:
            order[node] = None
            stack += inputs[node]
    return list(order)
