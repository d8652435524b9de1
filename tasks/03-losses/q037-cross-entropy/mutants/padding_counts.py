# expect: log-likelihood wrong_value
"""The perplexity divides by all positions, padding included."""

checked_likelihood = log_likelihood


def log_likelihood(logits, tokens, lengths):
    scores, _ = checked_likelihood(logits, tokens, lengths)
    return scores, (-scores.sum() / max(1, len(scores) * (logits.size(1) - 1))).exp()
