# expect: mlp-backward forbidden
"""Autograd does it in one line."""


def mlp_backward(x, target, weights, biases, activation="tanh"):
    x, *params = (t.detach().clone().requires_grad_() for t in (x, *weights, *biases))
    weights, biases, h = params[: len(weights)], params[len(weights) :], x
    for weight, bias in zip(weights[:-1], biases[:-1]):
        h = getattr(torch, activation)(h @ weight.mT + bias)
    loss = torch.nn.functional.cross_entropy(h @ weights[-1].mT + biases[-1], target)
    loss.backward()
    return loss.detach(), [w.grad for w in weights], [b.grad for b in biases], x.grad
