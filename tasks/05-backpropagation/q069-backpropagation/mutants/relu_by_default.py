# expect: mlp-backward wrong_value
"""Relu is what everybody uses, so it is made the default."""

asked_for = mlp_backward


def mlp_backward(x, target, weights, biases, activation="relu"):
    return asked_for(x, target, weights, biases, activation)
