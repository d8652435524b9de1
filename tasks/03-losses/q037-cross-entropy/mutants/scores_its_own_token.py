# expect: log-likelihood wrong_value
"""The scores at a step are read as those of the token at that step."""

checked_likelihood = log_likelihood


def log_likelihood(logits, tokens, lengths):
    checked_likelihood(logits, tokens, lengths)
    real = (torch.arange(logits.size(1)) < lengths.unsqueeze(1)) & (torch.arange(logits.size(1)) > 0)
    surprise = _surprise(logits.transpose(1, 2), torch.where(real, tokens, 0))
    scores = -torch.where(real, surprise, 0).double().sum(1)
    perplexity = (-scores.sum() / real.sum().clamp(min=1)).exp()
    return scores.to(logits.dtype), perplexity.to(logits.dtype)
