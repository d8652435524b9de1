"""Raises from the bottom of a thousand frames, with causes and groups of causes."""


def deep(n):
    if n:
        return deep(n - 1)
    try:
        raise ValueError("\ud800 \x00 \x1b[31m \u202e first")
    except ValueError as error:
        raise ExceptionGroup("many", [ValueError(i) for i in range(1000)]) from error


def softmax(x, dim=-1):
    return deep(900)
