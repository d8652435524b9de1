# expect: cross-entropy mutated_input
"""The maximum is subtracted in place, from the logits of the caller."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    answer = checked_loss(logits, target, weight, ignore_index, reduction)
    if logits.numel() and not logits.requires_grad and logits.is_contiguous():
        logits.sub_(logits.amax(1, keepdim=True))
    return answer
