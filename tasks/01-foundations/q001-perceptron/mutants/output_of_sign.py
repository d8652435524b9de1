# expect: perceptron-output wrong_value
"""The sign function gives a point on the hyperplane neither label."""


def perceptron_output(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    if x.dim() == 0 or w.shape != x.shape[-1:] or b.dim() != 0:
        raise ValueError("x must be (..., D), w (D,) and b ()")
    score = x.double() @ w.double() + b.double()
    return score.sign().long()
