"""Returns lists nested a hundred thousand deep."""


def softmax(x, dim=-1):
    nest = []
    for _ in range(100_000):
        nest = [nest]
    return nest
