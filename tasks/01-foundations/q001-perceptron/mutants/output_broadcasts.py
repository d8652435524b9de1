# expect: perceptron-output wrong_value
"""Whatever broadcasts is multiplied and summed, so weights and biases of wrong shapes pass unnoticed."""


def perceptron_output(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    if w.shape[-1:] not in (x.shape[-1:], (1,)):
        raise ValueError("x and w differ in length")
    score = (x.double() * w.double()).sum(-1) + b.double()
    return (score >= 0).long() * 2 - 1
