# expect: perceptron-output wrong_value
"""The step function of textbooks, 0 or 1, stands in for labels of -1 and 1."""


def perceptron_output(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    if x.dim() == 0 or w.shape != x.shape[-1:] or b.dim() != 0:
        raise ValueError("x must be (..., D), w (D,) and b ()")
    score = x.double() @ w.double() + b.double()
    return (score >= 0).long()
