# expect: mlp-backward wrong_shape
"""The outer product of delta and input is written the wrong way round."""

by_rows = mlp_backward


def mlp_backward(x, target, weights, biases, activation="tanh"):
    loss, weight_grads, bias_grads, x_grad = by_rows(x, target, weights, biases, activation)
    return loss, [g.mT for g in weight_grads], bias_grads, x_grad
