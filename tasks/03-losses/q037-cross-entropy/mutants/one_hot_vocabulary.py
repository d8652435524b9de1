# expect: cross-entropy too_large
"""A one-hot matrix picks the right class: a table as large as the logits, in 64-bit integers."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    checked_loss(logits, target, weight, ignore_index, reduction)
    logits = logits if logits.dtype == torch.float64 else logits.float()
    counted = target != ignore_index
    index = torch.where(counted, target, 0)
    weights = torch.ones_like(index, dtype=logits.dtype) if weight is None else weight[index]
    shifted = logits - logits.detach().amax(1, keepdim=True)
    scores = shifted - shifted.exp().sum(1, keepdim=True).log()
    right = torch.nn.functional.one_hot(index, logits.size(1)).movedim(-1, 1).to(scores.dtype)
    surprise = -scores.masked_fill(right == 0, 0).sum(1)
    return _reduced(torch.where(counted, weights * surprise, 0), (weights * counted).sum(), reduction)
