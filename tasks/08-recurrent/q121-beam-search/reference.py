"""Search over a model that is given as one step: greedy, beam, diverse and exact, with ranking and sampling filters."""

import heapq
from collections.abc import Callable

import torch
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
    return _continued(scores, logp, finished, eos)


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
    tokens, scores = _search(step, state, bos, eos, 1, max_len)
    return tokens[:, 0], scores[:, 0]


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
    if tokens.dim() != 3 or scores.shape != tokens.shape[:2]:
        raise ValueError("tokens must be (B, K, T) and scores (B, K)")
    if not alpha >= 0:
        raise ValueError("alpha must be zero or more")
    before_end = ((tokens == eos).long().cumsum(-1) == 0).sum(-1)
    length = (before_end + 1).clamp(max=tokens.shape[-1])
    ranked = scores / (((5 + length).double() / 6) ** alpha).to(scores.dtype)
    best = ranked.sort(dim=-1, descending=True, stable=True)
    return best.values, best.indices


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
    return _search(step, state, bos, eos, beam, max_len)


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
    if top_k < 0 or not 0 < top_p <= 1 or not 0 <= min_p <= 1:
        raise ValueError("top_k must be zero or more, top_p in (0, 1], min_p in [0, 1]")
    ordered = probs.double().sort(dim=-1, descending=True, stable=True)
    kept = ordered.values
    if top_k:
        kept = _normalised(kept * (torch.arange(kept.shape[-1], device=kept.device) < top_k))
    if top_p < 1:
        kept = _normalised(kept * (kept.cumsum(-1) - kept < top_p))
    kept = _normalised(kept * (kept >= min_p * kept[..., :1]))
    return torch.zeros_like(kept).scatter(-1, ordered.indices, kept).to(probs.dtype)


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
    if not strength >= 0:
        raise ValueError("strength must be zero or more")
    used = torch.zeros_like(logp[:, 0, 0])
    chosen = []
    for group in range(scores.shape[1]):
        total = scores[:, group].unsqueeze(-1) + logp[:, group]
        chosen.append(_best(total - strength * used.unsqueeze(1), total))
        tokens = chosen[-1][2]
        used = used.scatter_add(-1, tokens, torch.ones_like(tokens, dtype=used.dtype))
    return (
        torch.stack([c[0] for c in chosen], dim=1),
        torch.stack([c[1] for c in chosen], dim=1),
        torch.stack([c[2] for c in chosen], dim=1),
    )


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
    if max_len < 1:
        raise ValueError("max_len must be at least one")
    waiting: list[tuple[float, int, list[int], Tensor]] = [(0.0, 0, [], state)]
    born = 1
    while True:
        cost, _, tokens, past = heapq.heappop(waiting)  # scores never rise, so the first complete one is the best
        if tokens and (tokens[-1] == eos or len(tokens) == max_len):
            return torch.tensor(tokens), -cost
        last = torch.tensor([tokens[-1] if tokens else bos])
        logp, past = step(last, past)
        for token, value in enumerate(logp[0].tolist()):
            if value > -torch.inf:
                heapq.heappush(waiting, (cost - value, born, [*tokens, token], past))
                born += 1


def _search(
    step: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], state: Tensor, bos: int, eos: int, beam: int, max_len: int
) -> tuple[Tensor, Tensor]:
    if beam < 1 or max_len < 1:
        raise ValueError("beam and max_len must be at least one")
    batch = state.shape[0]
    rows = torch.arange(batch).unsqueeze(1) * beam
    state = state.repeat_interleave(beam, dim=0)
    last = torch.full((batch, beam), bos)
    finished = torch.zeros(batch, beam, dtype=torch.bool)
    tokens = torch.full((batch, beam, max_len), eos)
    scores = torch.empty(0)
    for position in range(max_len):
        logp, state = step(last.flatten(), state)
        logp = logp.unflatten(0, (batch, beam))
        if position == 0:
            scores = torch.full_like(logp[..., 0], -torch.inf)
            scores[:, 0] = 0.0
        scores, parents, last = _continued(scores, logp, finished, eos)
        tokens = tokens.gather(1, parents.unsqueeze(-1).expand_as(tokens))
        tokens[..., position] = last
        finished = finished.gather(1, parents) | (last == eos)
        state = state[(rows + parents).flatten()]
        if bool(finished.all()):
            break
    return tokens, scores


def _continued(scores: Tensor, logp: Tensor, finished: Tensor, eos: int) -> tuple[Tensor, Tensor, Tensor]:
    """The best continuations of a beam; one that has ended goes on as it is, by an end token that costs nothing."""
    ended = torch.full_like(logp, -torch.inf)
    ended[..., eos] = 0.0
    total = scores.unsqueeze(-1) + torch.where(finished.unsqueeze(-1), ended, logp)
    return _best(total, total)


def _best(key: Tensor, total: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The K entries (B, K, V) with the largest keys: their totals, and where they are; of equal keys the first."""
    beam, vocabulary = key.shape[1:]
    place = key.flatten(1).sort(dim=1, descending=True, stable=True).indices[:, :beam]
    return total.flatten(1).gather(1, place), place // vocabulary, place % vocabulary


def _normalised(weights: Tensor) -> Tensor:
    return weights / weights.sum(-1, keepdim=True)
