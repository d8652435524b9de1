# expect: mlp-backward bad_gradient
"""The slope of tanh is known as 1 - tanh², and tanh is taken once more of what already is its output."""

SLOPES = {**SLOPES, "tanh": lambda out: 1 - out.tanh().square()}
