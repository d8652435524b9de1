# expect: engine exception
"""The graph is put in order by a function that calls itself."""


def _users_first(output):
    order = {}

    def visit(node):
        if node not in order:
            for source, _ in node._inputs:
                visit(source)
            order[node] = None

    visit(output)
    return list(order)[::-1]
