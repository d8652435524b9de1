# expect: mlp-backward bad_gradient
"""The slope of a relu is taken for one at zero, so units that are exactly off still learn."""

SLOPES = {**SLOPES, "relu": lambda out: (out >= 0).to(out.dtype)}
