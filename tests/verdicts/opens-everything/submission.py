"""Opens pipes until there is no descriptor left."""

import os

pipes = []


def softmax(x, dim=-1):
    while True:
        pipes.append(os.pipe())
