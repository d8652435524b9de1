# expect: backward-order exception
"""The walk calls itself for every node."""

loop_order = backward_order


def backward_order(inputs, output):
    if not 0 <= output < len(inputs):
        raise ValueError("no such node")
    done, active = {}, set()

    def visit(node):
        if node in active:
            raise ValueError("a cycle")
        if node not in done:
            active.add(node)
            for source in inputs[node]:
                visit(source)
            active.remove(node)
            done[node] = None

    visit(output)
    return list(done)[::-1]
