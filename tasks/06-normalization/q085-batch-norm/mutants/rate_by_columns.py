# expect: stable-rates wrong_value
"""Each weight has its own curvature, and the largest of them decides."""


def _largest_rate(x):
    curvature = x.square().mean(0).max().item()
    return 2.0 / curvature if curvature > 0 else math.inf
