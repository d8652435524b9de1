"""Beam search: fill in each function; helpers of your own are welcome."""

from collections.abc import Callable

from torch import Tensor


def beam_step(scores: Tensor, logp: Tensor, finished: Tensor, eos: int) -> tuple[Tensor, Tensor, Tensor]:
    """Choose the best continuations of the hypotheses in a beam, as many as there are hypotheses.

    Args:
        scores: the score of each hypothesis, shape (B, K).
        logp: the log-probability of each next token, shape (B, K, V).
        finished: which hypotheses have ended, bool, shape (B, K).
        eos: the end token.

    Returns:
        The new scores, best first, the hypothesis that each of them continues, and the token it adds; all (B, K).
    """
    raise NotImplementedError


def greedy_search(
    step: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], state: Tensor, bos: int, eos: int, max_len: int
) -> tuple[Tensor, Tensor]:
    """Take the likeliest token at every step.

    Args:
        step: the model; takes the last tokens (R,) and states (R, ...), gives log-probabilities (R, V) and new states.
        state: one initial state a sequence, shape (B, ...).
        bos: the token that starts every sequence.
        eos: the token that ends one.
        max_len: how many tokens a sequence may have, the end token included.

    Returns:
        The tokens, shape (B, max_len), end tokens filling up, and the score of each sequence, shape (B,).

    Raises:
        ValueError: `max_len` is below one.
    """
    raise NotImplementedError


def rank_hypotheses(tokens: Tensor, scores: Tensor, eos: int, alpha: float) -> tuple[Tensor, Tensor]:
    """Order finished hypotheses by score over length penalty.

    Args:
        tokens: the hypotheses, int64, shape (B, K, T).
        scores: the sums of their log-probabilities, shape (B, K).
        eos: the end token.
        alpha: the strength of the penalty, zero or more.

    Returns:
        The normalised scores, best first, and the hypothesis each belongs to, int64; both (B, K).

    Raises:
        ValueError: the shapes do not fit, or `alpha` is negative.
    """
    raise NotImplementedError


def beam_search(
    step: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], state: Tensor, bos: int, eos: int, beam: int, max_len: int
) -> tuple[Tensor, Tensor]:
    """Keep the best few hypotheses at every step.

    Args:
        step: the model; takes the last tokens (R,) and states (R, ...), gives log-probabilities (R, V) and new states.
        state: one initial state a sequence, shape (B, ...).
        bos: the token that starts every sequence.
        eos: the token that ends one.
        beam: how many hypotheses are kept.
        max_len: how many tokens a hypothesis may have, the end token included.

    Returns:
        The hypotheses, best first, shape (B, beam, max_len), end tokens filling up, and their scores, shape (B, beam).

    Raises:
        ValueError: `beam` or `max_len` is below one.
    """
    raise NotImplementedError


def filter_probs(probs: Tensor, top_k: int = 0, top_p: float = 1.0, min_p: float = 0.0) -> Tensor:
    """Cut the unlikely tokens off a distribution before sampling from it.

    Args:
        probs: distributions along the last dimension, shape (..., V).
        top_k: how many tokens may stay; 0 keeps all.
        top_p: the share of the probability that the likeliest tokens have to reach; 1 keeps all.
        min_p: the least probability a token may have, as a share of the largest; 0 keeps all.

    Returns:
        Distributions over the tokens that stay, of the shape and dtype of `probs`.

    Raises:
        ValueError: a setting is out of range.
    """
    raise NotImplementedError


def diverse_step(scores: Tensor, logp: Tensor, strength: float) -> tuple[Tensor, Tensor, Tensor]:
    """Continue groups of hypotheses one after the other, keeping away from tokens that earlier groups have chosen.

    Args:
        scores: the score of each hypothesis, shape (B, G, K).
        logp: the log-probability of each next token, shape (B, G, K, V).
        strength: what each earlier use of a token costs, zero or more.

    Returns:
        The new scores, without that cost, the hypothesis of the same group that each continues, and the token it adds,
        in the order in which they were chosen; all (B, G, K).

    Raises:
        ValueError: `strength` is negative.
    """
    raise NotImplementedError


def exact_search(
    step: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], state: Tensor, bos: int, eos: int, max_len: int
) -> tuple[Tensor, float]:
    """Find the sequence with the highest score of all.

    Args:
        step: the model; takes the last tokens (R,) and states (R, ...), gives log-probabilities (R, V) and new states.
        state: the initial state, shape (1, ...).
        bos: the token that starts every sequence.
        eos: the token that ends one.
        max_len: how many tokens a sequence may have, the end token included.

    Returns:
        Its tokens, shape (L,), with the end token if it has one, and its score.

    Raises:
        ValueError: `max_len` is below one.
    """
    raise NotImplementedError
