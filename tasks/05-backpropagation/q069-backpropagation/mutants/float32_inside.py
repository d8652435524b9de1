# expect: mlp-backward wrong_dtype
"""Everything is made float32 on the way in, because that is what networks are trained in."""

in_any_dtype = mlp_backward


def mlp_backward(x, target, weights, biases, activation="tanh"):
    return in_any_dtype(x.float(), target, [w.float() for w in weights], [b.float() for b in biases], activation)
