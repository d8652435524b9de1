# expect: mlp-backward bad_gradient
"""The loss is a mean, but its gradient is started as if it were a sum over the batch."""

mean_gradients = mlp_backward


def mlp_backward(x, target, weights, biases, activation="tanh"):
    loss, weight_grads, bias_grads, x_grad = mean_gradients(x, target, weights, biases, activation)
    return loss, [len(x) * g for g in weight_grads], [len(x) * g for g in bias_grads], len(x) * x_grad
