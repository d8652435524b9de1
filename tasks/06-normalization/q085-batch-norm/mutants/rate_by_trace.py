# expect: stable-rates wrong_value
"""The curvature is the sum of all squares, an upper bound."""


def _largest_rate(x):
    curvature = torch.linalg.matrix_norm(x, ord="fro").item() ** 2 / len(x)
    return 2.0 / curvature if curvature > 0 else math.inf
