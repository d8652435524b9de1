# expect: log-likelihood wrong_value
"""Lengths beyond the last step are cut off silently, negative ones taken for zero."""

checked_likelihood = log_likelihood


def log_likelihood(logits, tokens, lengths):
    return checked_likelihood(logits, tokens, lengths.clamp(min=0, max=logits.size(1)))
