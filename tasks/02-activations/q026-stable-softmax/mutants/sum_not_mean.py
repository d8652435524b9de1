# expect: cross-entropy-grad wrong_value
"""The gradient of the summed loss is given where the loss is a mean over the batch."""


def cross_entropy_grad(logits: Tensor, target: Tensor) -> Tensor:
    if logits.dim() != 2 or target.shape != logits.shape[:1]:
        raise ValueError("logits must be (N, C) and target (N,)")
    if ((target < 0) | (target >= logits.size(1))).any():
        raise ValueError("a target is not a class")
    grad = _normalised(_shifted(logits, 1).exp(), 1)
    grad[torch.arange(logits.size(0)), target] -= 1
    return grad
