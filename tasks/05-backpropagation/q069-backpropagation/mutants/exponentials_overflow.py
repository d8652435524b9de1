# expect: mlp-backward not_finite
"""Softmax and its logarithm are written as in the textbook, without taking off the largest logit."""


def mlp_backward(x, target, weights, biases, activation="tanh"):
    if activation not in SLOPES or not weights or len(weights) != len(biases):
        raise ValueError("bad arguments")
    outs = [x]
    for weight, bias in zip(weights[:-1], biases[:-1]):
        outs.append(getattr(torch, activation)(outs[-1] @ weight.mT + bias))
    e = (outs[-1] @ weights[-1].mT + biases[-1]).exp()
    p = e / e.sum(1, keepdim=True)
    rows = torch.arange(len(x))
    loss = -p[rows, target].log().mean()
    p[rows, target] -= 1
    delta = p / len(x)
    weight_grads, bias_grads = [], []
    for layer in reversed(range(len(weights))):
        weight_grads.insert(0, delta.mT @ outs[layer])
        bias_grads.insert(0, delta.sum(0))
        delta = delta @ weights[layer]
        if layer:
            delta = delta * SLOPES[activation](outs[layer])
    return loss, weight_grads, bias_grads, delta
