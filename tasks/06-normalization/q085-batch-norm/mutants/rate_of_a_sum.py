# expect: stable-rates wrong_value
"""The loss is a sum over examples, so the curvature grows with their number."""


def _largest_rate(x):
    curvature = torch.linalg.matrix_norm(x, ord=2).item() ** 2
    return 2.0 / curvature if curvature > 0 else math.inf
