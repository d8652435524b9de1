"""Raises an exception whose text takes for ever."""


class Long(Exception):
    def __str__(self):
        while True:
            pass


def softmax(x, dim=-1):
    raise Long
