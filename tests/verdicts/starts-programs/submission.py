"""Runs other programs and a pool of processes."""

import multiprocessing
import subprocess


def softmax(x, dim=-1):
    for start in (lambda: subprocess.run(["/bin/sh", "-c", "true"]), multiprocessing.Process(target=print).start):
        try:
            start()
        except OSError:
            continue
        return x
    raise OSError("nothing can be started")
