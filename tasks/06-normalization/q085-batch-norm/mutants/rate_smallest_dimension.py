# expect: stable-rates wrong_value
"""The smallest curvature decides, because that direction converges last."""


def _largest_rate(x):
    curvature = torch.linalg.svdvals(x)[-1].item() ** 2 / len(x)
    return 2.0 / curvature if curvature > 0 else math.inf
