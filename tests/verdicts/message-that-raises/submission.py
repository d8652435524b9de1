"""Raises an exception whose text, name and traceback raise in turn."""


class Name(type):
    @property
    def __name__(cls):
        return ["not", "a", "name"]


class Wrong(Exception, metaclass=Name):
    def __str__(self):
        raise Wrong

    @property
    def __traceback__(self):
        raise Wrong


def softmax(x, dim=-1):
    raise Wrong
