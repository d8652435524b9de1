# expect: backward-order timeout
"""A node is walked again for every way that leads to it, to find the longest: right, and exponential."""

quick_order = backward_order


def backward_order(inputs, output):
    quick_order(inputs, output)
    depth, stack = {output: 0}, [output]
    while stack:
        node = stack.pop()
        for source in inputs[node]:
            if depth.get(source, 0) <= depth[node] + 1:
                depth[source] = depth[node] + 1
                stack.append(source)
    return sorted(depth, key=depth.get)
