# expect: cross-entropy too_slow
"""One row after the other, in Python."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    checked_loss(logits, target, weight, ignore_index, reduction)
    logits = logits if logits.dtype == torch.float64 else logits.float()
    counted = target != ignore_index
    index = torch.where(counted, target, 0)
    weights = torch.ones_like(index, dtype=logits.dtype) if weight is None else weight[index]
    if not index.numel():
        return checked_loss(logits, target, weight, ignore_index, reduction)
    rows = logits.movedim(1, -1).reshape(-1, logits.size(1))
    surprise = []
    for row, label in zip(rows, index.reshape(-1).tolist()):
        shifted = row - row.detach().max()
        surprise.append(shifted.exp().sum().log() - shifted[label])
    losses = weights * torch.stack(surprise).reshape(target.shape)
    return _reduced(torch.where(counted, losses, 0), (weights * counted).sum(), reduction)
