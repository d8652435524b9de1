"""Calls the function below the one of the module."""

import torch


def softmax(x, dim=-1):
    return torch._C._VariableFunctions.softmax(x, dim)
