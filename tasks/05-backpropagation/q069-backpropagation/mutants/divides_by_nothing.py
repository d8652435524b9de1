# expect: gradient-check exception
"""Two derivatives are never both exactly zero, so the quotient is taken as it comes."""


def gradient_errors(f, x, grad, directions):
    if grad.shape != x.shape or directions.shape[1:] != x.shape or directions.ndim == 0:
        raise ValueError("shapes")
    errors = []
    for direction in directions:
        step = 1e-5 * max(1.0, x.abs().max().item()) / direction.abs().max().item()
        measured = (f(x + step * direction) - f(x - step * direction)).item() / (2 * step)
        claimed = (grad * direction).sum().item()
        errors.append(abs(measured - claimed) / max(abs(measured), abs(claimed)))
    return torch.tensor(errors, dtype=torch.float64)
