# expect: perceptron-fit wrong_value
"""A sample on the hyperplane counts as right, so from zero weights nothing is ever learned."""


def perceptron_fit(x: Tensor, y: Tensor, max_epochs: int) -> tuple[Tensor, Tensor, list[int]]:
    _check(x, y)
    if max_epochs < 0:
        raise ValueError("max_epochs must be zero or more")
    steps = _signed(x, y)
    weights = torch.zeros(steps.shape[1], dtype=torch.float64, device=x.device)
    mistakes: list[int] = []
    while len(mistakes) < max_epochs and (not mistakes or mistakes[-1]):
        mistakes.append(0)
        for step in steps:
            if (step @ weights).item() < 0:
                weights = weights + step
                mistakes[-1] += 1
    return weights[:-1].to(x.dtype), weights[-1].to(x.dtype), mistakes
