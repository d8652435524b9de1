# expect: cross-entropy-grad wrong_value
"""Targets of any shape are let in, and a column or a single class is broadcast over the batch."""


def cross_entropy_grad(logits: Tensor, target: Tensor) -> Tensor:
    if ((target < 0) | (target >= logits.size(1))).any():
        raise ValueError("a target is not a class")
    if target.numel() not in (1, logits.size(0)):
        raise ValueError("the number of targets does not fit")
    one_hot = (target.view(-1, 1) == torch.arange(logits.size(1))).to(logits.dtype)
    return (_normalised(_shifted(logits, 1).exp(), 1) - one_hot) / logits.size(0)
