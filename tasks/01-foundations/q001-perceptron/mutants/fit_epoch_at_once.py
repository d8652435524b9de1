# expect: perceptron-fit wrong_value
"""The mistakes of an epoch are all found with the weights it began with, as in batch learning."""


def perceptron_fit(x: Tensor, y: Tensor, max_epochs: int) -> tuple[Tensor, Tensor, list[int]]:
    _check(x, y)
    if max_epochs < 0:
        raise ValueError("max_epochs must be zero or more")
    steps = _signed(x, y)
    weights = torch.zeros(steps.shape[1], dtype=torch.float64, device=x.device)
    mistakes: list[int] = []
    while len(mistakes) < max_epochs and (not mistakes or mistakes[-1]):
        wrong = steps[steps @ weights <= 0]
        weights = weights + wrong.sum(0)
        mistakes.append(len(wrong))
    return weights[:-1].to(x.dtype), weights[-1].to(x.dtype), mistakes
