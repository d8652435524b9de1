"""Returns a generator in place of a tensor."""


def softmax(x, dim=-1):
    return (row / row.sum() for row in x)
