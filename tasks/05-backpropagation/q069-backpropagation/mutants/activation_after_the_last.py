# expect: mlp-backward wrong_value
"""Every layer gets an activation, the one that gives the logits too."""


def mlp_backward(x, target, weights, biases, activation="tanh"):
    if activation not in SLOPES or not weights or len(weights) != len(biases):
        raise ValueError("bad arguments")
    outs = [x]
    for weight, bias in zip(weights, biases):
        outs.append(getattr(torch, activation)(outs[-1] @ weight.mT + bias))
    log_p = torch.log_softmax(outs[-1], 1)
    rows = torch.arange(len(x))
    delta = log_p.exp()
    delta[rows, target] -= 1
    delta = delta / len(x)
    weight_grads, bias_grads = [], []
    for layer in reversed(range(len(weights))):
        delta = delta * SLOPES[activation](outs[layer + 1])
        weight_grads.insert(0, delta.mT @ outs[layer])
        bias_grads.insert(0, delta.sum(0))
        delta = delta @ weights[layer]
    return -log_p[rows, target].mean(), weight_grads, bias_grads, delta
