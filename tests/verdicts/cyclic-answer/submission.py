"""Returns a list that holds itself."""


def softmax(x, dim=-1):
    ring = [x]
    ring.append(ring)
    return ring
