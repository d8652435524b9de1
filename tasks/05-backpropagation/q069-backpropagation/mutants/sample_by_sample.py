# expect: mlp-backward too_slow
"""The formulas are those of one sample, so the batch is a loop."""

whole_batch = mlp_backward


def mlp_backward(x, target, weights, biases, activation="tanh"):
    loss, weight_grads, bias_grads, x_grads = 0, None, None, []
    for i in range(len(x)):
        one, dw, db, dx = whole_batch(x[i : i + 1], target[i : i + 1], weights, biases, activation)
        loss = loss + one / len(x)
        weight_grads = [g / len(x) for g in dw] if i == 0 else [a + g / len(x) for a, g in zip(weight_grads, dw)]
        bias_grads = [g / len(x) for g in db] if i == 0 else [a + g / len(x) for a, g in zip(bias_grads, db)]
        x_grads.append(dx / len(x))
    return loss, weight_grads, bias_grads, torch.cat(x_grads)
