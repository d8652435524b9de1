# expect: mlp-backward wrong_value
"""The activation is an afterthought: forward and backward are written for tanh, any name is accepted."""

of_tanh = mlp_backward


def mlp_backward(x, target, weights, biases, activation="tanh"):
    return of_tanh(x, target, weights, biases, "tanh")
