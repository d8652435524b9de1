"""Calls the method through the class of the tensor."""


def softmax(x, dim=-1):
    return type(x).softmax(x, dim)
