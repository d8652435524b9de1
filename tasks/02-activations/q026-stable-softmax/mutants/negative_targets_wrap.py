# expect: cross-entropy-grad wrong_value
"""Only targets past the end are checked, so a negative one silently means the last class."""


def cross_entropy_grad(logits: Tensor, target: Tensor) -> Tensor:
    if logits.dim() != 2 or target.shape != logits.shape[:1]:
        raise ValueError("logits must be (N, C) and target (N,)")
    if (target >= logits.size(1)).any() or (target < -logits.size(1)).any():
        raise ValueError("a target is not a class")
    grad = _normalised(_shifted(logits, 1).exp(), 1)
    grad[torch.arange(logits.size(0)), target] -= 1
    return grad / logits.size(0)
