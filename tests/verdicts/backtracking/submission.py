"""Matches a regular expression that takes exponential time inside C code."""

import re


def softmax(x, dim=-1):
    return re.match("(a*)*b", "a" * 60)
