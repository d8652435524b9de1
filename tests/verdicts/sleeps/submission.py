"""Sleeps for a year."""

import time


def softmax(x, dim=-1):
    time.sleep(365 * 86400)
