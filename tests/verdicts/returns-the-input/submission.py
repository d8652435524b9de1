"""Returns a view of what it was given."""


def softmax(x, dim=-1):
    return x[...]
