# expect: conv2d exception
"""Pairs are read as horizontal before vertical."""


def _pair(value):
    return value[::-1] if isinstance(value, tuple) else (value, value)
