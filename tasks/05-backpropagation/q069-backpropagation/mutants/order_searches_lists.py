# expect: backward-order too_slow
"""Whether a node was seen is looked up in the list of those seen."""


def backward_order(inputs, output):
    if not 0 <= output < len(inputs):
        raise ValueError("no such node")
    order, seen, active = [], [output], {output}
    stack = [(output, iter(inputs[output]))]
    while stack:
        node, waiting = stack[-1]
        for source in waiting:
            if source in active:
                raise ValueError("a cycle")
            if source not in seen:
                seen.append(source)
                active.add(source)
                stack.append((source, iter(inputs[source])))
                break
        else:
            stack.pop()
            active.remove(node)
            order.append(node)
    return order[::-1]
