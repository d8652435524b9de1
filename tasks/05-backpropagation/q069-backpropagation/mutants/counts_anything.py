# expect: operation-count wrong_value
"""Nobody would ask for a network of no layers or of no neurons."""


def multiplications(sizes, batch, input_gradient=False):
    pairs = list(itertools.pairwise(sizes))
    forward = batch * sum(a * b for a, b in pairs)
    first = 0 if input_gradient or not pairs else batch * sizes[0] * sizes[1]
    count = sum((a + 1) * b for a, b in pairs) + (batch * sizes[0] if input_gradient else 0)
    return forward, 2 * forward - first, 2 * count * forward
