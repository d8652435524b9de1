# expect: gradient-check wrong_value
"""Shapes that broadcast are taken for shapes that fit."""

strict_errors = gradient_errors


def gradient_errors(f, x, grad, directions):
    if directions.ndim == 0:
        raise ValueError("shapes")
    if len(directions):
        directions = torch.broadcast_to(directions, (len(directions), *x.shape))
    return strict_errors(f, x, torch.broadcast_to(grad, x.shape), directions)
