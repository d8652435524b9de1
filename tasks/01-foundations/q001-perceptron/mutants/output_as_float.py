# expect: perceptron-output wrong_dtype
"""Labels come back as floating-point numbers, like the scores."""


def perceptron_output(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    if x.dim() == 0 or w.shape != x.shape[-1:] or b.dim() != 0:
        raise ValueError("x must be (..., D), w (D,) and b ()")
    score = x.double() @ w.double() + b.double()
    return (score >= 0).to(x.dtype) * 2 - 1
