# expect: stable-rates exception
"""Every table has a curvature to divide by."""


def _largest_rate(x):
    curvature = torch.linalg.matrix_norm(x, ord=2).item() ** 2 / len(x)
    return 2.0 / curvature
