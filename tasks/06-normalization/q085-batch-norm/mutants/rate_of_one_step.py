# expect: stable-rates wrong_value
"""The limit is one over the curvature, where a single step would reach the minimum."""


def _largest_rate(x):
    curvature = torch.linalg.matrix_norm(x, ord=2).item() ** 2 / len(x)
    return 1.0 / curvature if curvature > 0 else math.inf
