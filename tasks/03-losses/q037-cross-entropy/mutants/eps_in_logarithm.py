# expect: cross-entropy wrong_value
"""A small constant under the logarithm keeps the loss finite, and caps it."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    checked_loss(logits, target, weight, ignore_index, reduction)
    logits = logits if logits.dtype == torch.float64 else logits.float()
    counted = target != ignore_index
    index = torch.where(counted, target, 0)
    weights = torch.ones_like(index, dtype=logits.dtype) if weight is None else weight[index]
    weights_of_classes = (logits - logits.detach().amax(1, keepdim=True)).exp()
    probabilities = weights_of_classes / weights_of_classes.sum(1, keepdim=True)
    surprise = -(probabilities.gather(1, index.unsqueeze(1)).squeeze(1) + 1e-12).log()
    return _reduced(torch.where(counted, weights * surprise, 0), (weights * counted).sum(), reduction)
