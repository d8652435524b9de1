"""Raises the recursion limit and calls itself until the stack is gone."""

import sys
import threading

sys.setrecursionlimit(1 << 30)
threading.stack_size(1 << 28)


class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x")


def softmax(x, dim=-1):
    return Deep().a
