# expect: perceptron-fit wrong_value
"""A mistake is an output other than the label, so a positive sample on the hyperplane is let through."""


def perceptron_fit(x: Tensor, y: Tensor, max_epochs: int) -> tuple[Tensor, Tensor, list[int]]:
    _check(x, y)
    if max_epochs < 0:
        raise ValueError("max_epochs must be zero or more")
    steps = _signed(x, y)
    weights = torch.zeros(steps.shape[1], dtype=torch.float64, device=x.device)
    mistakes: list[int] = []
    while len(mistakes) < max_epochs and (not mistakes or mistakes[-1]):
        mistakes.append(0)
        for step, label in zip(steps, y.tolist(), strict=True):
            score = label * (step @ weights).item()
            if (1 if score >= 0 else -1) != label:
                weights = weights + step
                mistakes[-1] += 1
    return weights[:-1].to(x.dtype), weights[-1].to(x.dtype), mistakes
