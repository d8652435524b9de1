"""Imports by __import__."""


def softmax(x, dim=-1):
    return getattr(__import__("torch"), "soft" + "max")(x, dim)
