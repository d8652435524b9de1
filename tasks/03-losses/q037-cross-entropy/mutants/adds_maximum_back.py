# expect: cross-entropy wrong_value
"""A textbook log-sum-exp: the maximum is added back, and the digits of the loss drown in it."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    checked_loss(logits, target, weight, ignore_index, reduction)
    logits = logits if logits.dtype == torch.float64 else logits.float()
    counted = target != ignore_index
    index = torch.where(counted, target, 0)
    weights = torch.ones_like(index, dtype=logits.dtype) if weight is None else weight[index]
    top = logits.detach().amax(1)
    log_sum_exp = top + (logits - top.unsqueeze(1)).exp().sum(1).log()
    surprise = log_sum_exp - logits.gather(1, index.unsqueeze(1)).squeeze(1)
    return _reduced(torch.where(counted, weights * surprise, 0), (weights * counted).sum(), reduction)
