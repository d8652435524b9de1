# expect: cross-entropy-grad wrong_value
"""Each class is scored on its own by a sigmoid, as if several could be right at once."""


def cross_entropy_grad(logits: Tensor, target: Tensor) -> Tensor:
    if logits.dim() != 2 or target.shape != logits.shape[:1]:
        raise ValueError("logits must be (N, C) and target (N,)")
    if ((target < 0) | (target >= logits.size(1))).any():
        raise ValueError("a target is not a class")
    grad = logits.sigmoid()
    grad[torch.arange(logits.size(0)), target] -= 1
    return grad / logits.size(0)
