"""Ends by a fatal error of the interpreter."""

import faulthandler


def softmax(x, dim=-1):
    faulthandler._fatal_error_c_thread()
