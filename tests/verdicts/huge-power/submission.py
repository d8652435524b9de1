"""Computes a number with more digits than there is memory for."""


def softmax(x, dim=-1):
    n = 9
    return x * (n**n**n**n)
