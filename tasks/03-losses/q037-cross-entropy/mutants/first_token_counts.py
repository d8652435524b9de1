# expect: log-likelihood wrong_value
"""The perplexity divides by the tokens of all sequences, the first ones included."""

checked_likelihood = log_likelihood


def log_likelihood(logits, tokens, lengths):
    scores, _ = checked_likelihood(logits, tokens, lengths)
    return scores, (-scores.sum() / lengths.sum().clamp(min=1)).exp()
