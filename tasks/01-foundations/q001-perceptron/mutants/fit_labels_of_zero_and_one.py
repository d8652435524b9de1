# expect: perceptron-fit wrong_value
"""Labels of 0 and 1 are taken for signs without a word, and samples of class 0 never teach anything."""


def perceptron_fit(x: Tensor, y: Tensor, max_epochs: int) -> tuple[Tensor, Tensor, list[int]]:
    if x.dim() != 2 or y.shape != x.shape[:1]:
        raise ValueError("x must be (N, D) and y (N,)")
    if max_epochs < 0:
        raise ValueError("max_epochs must be zero or more")
    steps = _signed(x, y)
    weights = torch.zeros(steps.shape[1], dtype=torch.float64, device=x.device)
    mistakes: list[int] = []
    while len(mistakes) < max_epochs and (not mistakes or mistakes[-1]):
        mistakes.append(0)
        for step in steps:
            if (step @ weights).item() <= 0:
                weights = weights + step
                mistakes[-1] += 1
    return weights[:-1].to(x.dtype), weights[-1].to(x.dtype), mistakes
