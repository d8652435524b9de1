# expect: log-likelihood exception
"""The marks of the padding are looked up in the vocabulary before they are masked."""

checked_likelihood = log_likelihood


def log_likelihood(logits, tokens, lengths):
    checked_likelihood(logits, tokens, lengths)
    predicted = torch.arange(1, logits.size(1)) < lengths.unsqueeze(1)
    surprise = _surprise(logits[:, :-1].transpose(1, 2), tokens[:, 1:])
    scores = -torch.where(predicted, surprise, 0).double().sum(1)
    perplexity = (-scores.sum() / predicted.sum().clamp(min=1)).exp()
    return scores.to(logits.dtype), perplexity.to(logits.dtype)
