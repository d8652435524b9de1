# expect: log-likelihood not_finite
"""Padding is multiplied by zero, which leaves a NaN what it is."""

checked_likelihood = log_likelihood


def log_likelihood(logits, tokens, lengths):
    checked_likelihood(logits, tokens, lengths)
    predicted = torch.arange(1, logits.size(1)) < lengths.unsqueeze(1)
    surprise = _surprise(logits[:, :-1].transpose(1, 2), torch.where(predicted, tokens[:, 1:], 0))
    scores = -(predicted * surprise).double().sum(1)
    perplexity = (-scores.sum() / predicted.sum().clamp(min=1)).exp()
    return scores.to(logits.dtype), perplexity.to(logits.dtype)
