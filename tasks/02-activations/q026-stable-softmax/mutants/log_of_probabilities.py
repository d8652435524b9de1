# expect: cross-entropy-grad not_finite
"""The loss is built as the logarithm of probabilities, and the logarithm of an underflowed zero has no gradient."""


def cross_entropy_grad(logits: Tensor, target: Tensor) -> Tensor:
    if logits.dim() != 2 or target.shape != logits.shape[:1]:
        raise ValueError("logits must be (N, C) and target (N,)")
    if ((target < 0) | (target >= logits.size(1))).any():
        raise ValueError("a target is not a class")
    leaf = logits.detach().requires_grad_()
    p = _normalised(_shifted(leaf, 1).exp(), 1)
    loss = -p.gather(1, target.unsqueeze(1)).log().sum() / logits.size(0) if len(target) else p.sum()
    return torch.autograd.grad(loss, leaf)[0]
