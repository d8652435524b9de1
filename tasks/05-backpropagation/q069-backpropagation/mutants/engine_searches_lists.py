# expect: engine too_slow
"""The variables already seen are kept in a list, and looked for in it."""


def _users_first(output):
    seen, order, stack = [], [], [(output, False)]
    while stack:
        node, finished = stack.pop()
        if finished:
            order.append(node)
        elif node not in seen:
            seen.append(node)
            stack.append((node, True))
            stack += [(source, False) for source, _ in node._inputs]
    return order[::-1]
