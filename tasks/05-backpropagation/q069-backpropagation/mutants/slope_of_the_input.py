# expect: mlp-backward bad_gradient
"""The loop multiplies by a slope after every layer, although no activation stands before the first."""

without_slope = mlp_backward


def mlp_backward(x, target, weights, biases, activation="tanh"):
    loss, weight_grads, bias_grads, x_grad = without_slope(x, target, weights, biases, activation)
    return loss, weight_grads, bias_grads, x_grad * SLOPES[activation](x)
