# expect: cross-entropy wrong_value
"""The model already ended in a softmax, and the loss applies another one."""

checked_loss = cross_entropy


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean"):
    checked_loss(logits, target, weight, ignore_index, reduction)
    half = logits.dtype in (torch.float16, torch.bfloat16)
    scores = logits.float() if half else logits
    scores = scores - scores.detach().amax(1, keepdim=True)
    probabilities = scores.exp() / scores.exp().sum(1, keepdim=True)
    return checked_loss(probabilities, target, weight, ignore_index, reduction)
