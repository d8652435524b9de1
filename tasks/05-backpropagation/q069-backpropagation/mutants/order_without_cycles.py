# expect: backward-order wrong_value
"""Graphs of computations have no cycles, so nobody looks for one."""

wary_order = backward_order


def backward_order(inputs, output):
    if not 0 <= output < len(inputs):
        raise ValueError("no such node")
    order, seen = [], {output}
    stack = [(output, iter(inputs[output]))]
    while stack:
        waiting = stack[-1][1]
        fresh = next((source for source in waiting if source not in seen), None)
        if fresh is None:
            order.append(stack.pop()[0])
        else:
            seen.add(fresh)
            stack.append((fresh, iter(inputs[fresh])))
    return order[::-1]
