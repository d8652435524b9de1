# expect: perceptron-output too_slow
"""Each point is scored in a Python loop of its own."""


def perceptron_output(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    if x.dim() == 0 or w.shape != x.shape[-1:] or b.dim() != 0:
        raise ValueError("x must be (..., D), w (D,) and b ()")
    labels = torch.ones(x.shape[:-1].numel(), dtype=torch.int64)
    for i, point in enumerate(x.double().reshape(len(labels), x.shape[-1])):
        if point @ w.double() + b.double() < 0:
            labels[i] = -1
    return labels.reshape(x.shape[:-1])
