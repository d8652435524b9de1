# expect: mlp-backward exception
"""Matrices are flattened with view, which works until somebody transposes one."""

any_layout = mlp_backward


def mlp_backward(x, target, weights, biases, activation="tanh"):
    return any_layout(x.view(-1).view(x.shape), target, weights, biases, activation)
