# expect: perceptron-output wrong_value
"""Scores are taken in the precision of the inputs, where large terms overflow or swallow the rest."""


def perceptron_output(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    if x.dim() == 0 or w.shape != x.shape[-1:] or b.dim() != 0:
        raise ValueError("x must be (..., D), w (D,) and b ()")
    score = x @ w + b
    return (score >= 0).long() * 2 - 1
