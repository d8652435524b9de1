# expect: log-likelihood wrong_value
"""Every sequence has its perplexity, and the average of those is returned."""

checked_likelihood = log_likelihood


def log_likelihood(logits, tokens, lengths):
    scores, perplexity = checked_likelihood(logits, tokens, lengths)
    predicted = (lengths - 1).clamp(min=1)
    return scores, (-scores / predicted).exp().mean() if len(scores) else perplexity
