# expect: log-likelihood not_finite
"""A batch in which nothing is predicted divides zero by zero."""

checked_likelihood = log_likelihood


def log_likelihood(logits, tokens, lengths):
    scores, perplexity = checked_likelihood(logits, tokens, lengths)
    count = (lengths - 1).clamp(min=0).sum()
    return scores, perplexity / count * count
