# expect: gradient-check wrong_value
"""The whole gradient is measured, one coordinate after another, and then projected."""


def gradient_errors(f, x, grad, directions):
    if grad.shape != x.shape or directions.shape[1:] != x.shape or directions.ndim == 0:
        raise ValueError("shapes")
    errors = []
    for direction in directions:
        step = 1e-5 * max(1.0, x.abs().max().item()) / direction.abs().max().item()
        measured = 0.0
        for i in range(x.numel()):
            shift = torch.zeros(x.numel(), dtype=x.dtype)
            shift[i] = step * direction.flatten()[i]
            shift = shift.reshape(x.shape)
            measured += (f(x + shift) - f(x - shift)).item() / (2 * step)
        claimed = (grad * direction).sum().item()
        largest = max(abs(measured), abs(claimed))
        errors.append(abs(measured - claimed) / largest if largest > 0 else 0.0)
    return torch.tensor(errors, dtype=torch.float64)
