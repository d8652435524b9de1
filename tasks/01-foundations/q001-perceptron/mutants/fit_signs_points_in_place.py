# expect: perceptron-fit mutated_input
"""The labels are multiplied into the caller's points to save a copy."""


def perceptron_fit(x: Tensor, y: Tensor, max_epochs: int) -> tuple[Tensor, Tensor, list[int]]:
    _check(x, y)
    if max_epochs < 0:
        raise ValueError("max_epochs must be zero or more")
    x *= y.unsqueeze(1)
    steps = torch.cat([x.double(), y.double().unsqueeze(1)], dim=1)
    weights = torch.zeros(steps.shape[1], dtype=torch.float64, device=x.device)
    mistakes: list[int] = []
    while len(mistakes) < max_epochs and (not mistakes or mistakes[-1]):
        mistakes.append(0)
        for step in steps:
            if (step @ weights).item() <= 0:
                weights = weights + step
                mistakes[-1] += 1
    return weights[:-1].to(x.dtype), weights[-1].to(x.dtype), mistakes
