"""Overflows the stack below Python."""

import faulthandler


def softmax(x, dim=-1):
    faulthandler._stack_overflow()
