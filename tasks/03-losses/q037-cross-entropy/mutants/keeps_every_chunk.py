# expect: linear-cross-entropy too_large
"""The logits are computed chunk by chunk, kept in a list, and used when all of them are there."""

checked_linear = linear_cross_entropy


def linear_cross_entropy(hidden, weight, target, chunk, ignore_index=-100):
    checked_linear(hidden[:0], weight, target[:0], chunk, ignore_index)
    _require_known(target, len(weight), ignore_index)
    if not len(hidden) or target.shape != hidden.shape[:1]:
        return checked_linear(hidden, weight, target, chunk, ignore_index)
    scores = [_log_probabilities(rows @ weight.T) for rows in hidden.split(chunk)]
    counted = target != ignore_index
    index = torch.where(counted, target, 0)
    scale = counted.to(hidden.dtype) / counted.sum().clamp(min=1)
    loss, grads, grad_weight = hidden.new_zeros(()), [], torch.zeros_like(weight)
    for part, rows, labels, share in zip(scores, hidden.split(chunk), index.split(chunk), scale.split(chunk)):
        loss -= (share * part.gather(1, labels.unsqueeze(1)).squeeze(1)).sum()
        slope = part.exp()
        slope[torch.arange(len(slope)), labels] -= 1
        slope *= share.unsqueeze(1)
        grads.append(slope @ weight)
        grad_weight += slope.T @ rows
    return loss, torch.cat(grads), grad_weight
