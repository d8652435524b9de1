# expect: gradient-check mutated_input
"""The point is moved in place and moved back, which rounding does not undo."""


def gradient_errors(f, x, grad, directions):
    if grad.shape != x.shape or directions.shape[1:] != x.shape or directions.ndim == 0:
        raise ValueError("shapes")
    errors = []
    for direction in directions:
        step = 1e-5 * max(1.0, x.abs().max().item()) / direction.abs().max().item()
        x += step * direction
        above = f(x).item()
        x -= 2 * step * direction
        below = f(x).item()
        x += step * direction
        measured, claimed = (above - below) / (2 * step), (grad * direction).sum().item()
        largest = max(abs(measured), abs(claimed))
        errors.append(abs(measured - claimed) / largest if largest > 0 else 0.0)
    return torch.tensor(errors, dtype=torch.float64)
