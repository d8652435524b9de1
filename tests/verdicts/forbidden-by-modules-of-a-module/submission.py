"""Finds sys through another module and the functions through its table."""

import os

functions = os.sys.modules["torch._C"]._VariableFunctions


def softmax(x, dim=-1):
    return functions.softmax(x, dim)
