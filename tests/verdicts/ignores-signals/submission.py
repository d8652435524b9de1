"""Ignores every signal there is and never returns."""

import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        continue


def softmax(x, dim=-1):
    while True:
        try:
            signal.pause()
        except BaseException:
            continue
