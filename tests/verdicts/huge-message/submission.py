"""Raises an exception with a message of fifty megabytes."""


def softmax(x, dim=-1):
    raise ValueError("no" * 25_000_000)
