# expect: mlp-backward wrong_shape
"""The gradient of a bias is left as a matrix of one row, which broadcasts and is never noticed."""

flat_biases = mlp_backward


def mlp_backward(x, target, weights, biases, activation="tanh"):
    loss, weight_grads, bias_grads, x_grad = flat_biases(x, target, weights, biases, activation)
    return loss, weight_grads, [g[None] for g in bias_grads], x_grad
