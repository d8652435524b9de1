"""Returns a small dict that unfolds to a billion items."""


def softmax(x, dim=-1):
    laugh = ["ha"] * 10
    for _ in range(9):
        laugh = {n: laugh for n in range(10)}
    return laugh
