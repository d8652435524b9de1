"""Batched tensors with backpointers that are followed at the end, and one argmax for each place in the beam."""

import heapq

import torch
from torch import Tensor


def leading(key: Tensor, count: int) -> Tensor:
    """The places of the `count` largest entries of each row, the first of equal ones first."""
    key, places = key.clone(), []
    numbers = torch.arange(key.shape[1])
    taken = torch.zeros_like(key, dtype=torch.bool)
    for _ in range(count):
        top = key.masked_fill(taken, -torch.inf).amax(1, keepdim=True) if key.numel() else key[:, :1]
        here = (key == top) & ~taken
        place = (
            torch.where(here, numbers, key.shape[1]).amin(1, keepdim=True) if key.numel() else numbers[:0].reshape(0, 1)
        )
        taken.scatter_(1, place, True)
        places.append(place)
    return torch.cat(places, 1)


def beam_step(scores: Tensor, logp: Tensor, finished: Tensor, eos: int) -> tuple[Tensor, Tensor, Tensor]:
    batch, beam, vocabulary = logp.shape
    only_end = torch.arange(vocabulary) == eos
    allowed = torch.where(finished[:, :, None], torch.where(only_end, 0.0, -torch.inf).to(logp.dtype), logp)
    flat = torch.add(allowed, scores[:, :, None]).reshape(batch, beam * vocabulary)
    places = leading(flat, beam)
    return (
        torch.take_along_dim(flat, places, 1),
        torch.div(places, vocabulary, rounding_mode="floor"),
        places % vocabulary,
    )


def greedy_search(step, state: Tensor, bos: int, eos: int, max_len: int) -> tuple[Tensor, Tensor]:
    if max_len < 1:
        raise ValueError("max_len")
    count = len(state)
    last, done, out, score = torch.full((count,), bos), torch.zeros(count, dtype=torch.bool), [], None
    while len(out) < max_len and not done.all():
        logp, state = step(last, state)
        logp = logp.masked_fill(done[:, None], 0.0)
        top = logp.amax(1)
        last = torch.where(logp == top[:, None], torch.arange(logp.shape[1]), logp.shape[1]).amin(1)
        last = last.masked_fill(done, eos)
        score = top if score is None else score + top
        done = done | (last == eos)
        out.append(last)
    out += [torch.full((count,), eos)] * (max_len - len(out))
    return torch.stack(out, 1), score


def beam_search(step, state: Tensor, bos: int, eos: int, beam: int, max_len: int) -> tuple[Tensor, Tensor]:
    if min(beam, max_len) < 1:
        raise ValueError("beam or max_len")
    count = len(state)
    logp, state = step(torch.full((count,), bos), state)  # at first there is one hypothesis each
    vocabulary = logp.shape[1]
    width = min(beam, vocabulary)
    last = leading(logp, width)
    scores, parents = torch.take_along_dim(logp, last, 1), torch.zeros_like(last)
    tokens_at, parents_at = [last], [parents]
    finished = (last == eos) | (scores == -torch.inf)
    state = state.repeat_interleave(width, 0)
    while len(tokens_at) < max_len and not finished.all():
        logp, state = step(last.reshape(-1), state)
        allowed = logp.reshape(count, width, vocabulary).masked_fill(finished[:, :, None], -torch.inf)
        allowed[:, :, eos] = torch.where(finished, 0.0, allowed[:, :, eos])
        flat = (scores[:, :, None] + allowed).reshape(count, -1)
        following = min(beam, flat.shape[1])
        places = leading(flat, following)
        scores, parents, last = torch.take_along_dim(flat, places, 1), places // vocabulary, places % vocabulary
        finished = torch.take_along_dim(finished, parents, 1) | (last == eos) | (scores == -torch.inf)
        state = state[(torch.arange(count)[:, None] * width + parents).reshape(-1)]
        width = following
        tokens_at.append(last)
        parents_at.append(parents)
    tokens = torch.full((count, beam, max_len), eos)
    follow = torch.arange(width).expand(count, width)
    for position in reversed(range(len(tokens_at))):
        tokens[:, :width, position] = tokens_at[position].gather(1, follow)
        follow = parents_at[position].gather(1, follow)
    full = torch.full((count, beam), -torch.inf, dtype=scores.dtype)
    full[:, :width] = scores
    return tokens, full


def rank_hypotheses(tokens: Tensor, scores: Tensor, eos: int, alpha: float) -> tuple[Tensor, Tensor]:
    if tokens.ndim != 3 or scores.shape != tokens.shape[:-1] or alpha < 0:
        raise ValueError("arguments")
    width = tokens.shape[-1]
    position = torch.where(tokens == eos, torch.arange(1, width + 1), width).amin(-1)
    normalised = scores.double() / torch.exp(alpha * torch.log((position + 5).double() / 6))
    order = torch.argsort(-normalised, dim=-1, stable=True)
    return normalised.gather(-1, order).to(scores.dtype), order


def filter_probs(probs: Tensor, top_k: int = 0, top_p: float = 1.0, min_p: float = 0.0) -> Tensor:
    if not (top_k >= 0 and 0 < top_p <= 1 and 0 <= min_p <= 1):
        raise ValueError("settings")
    p = probs.double()
    order = torch.argsort(-p, dim=-1, stable=True)
    rank = torch.argsort(order, dim=-1)
    if top_k:
        p = p.masked_fill(rank >= top_k, 0)
        p = p / p.sum(-1, keepdim=True)
    if top_p < 1:
        sums = p.gather(-1, order).cumsum(-1)
        reached = (sums < top_p).sum(-1, keepdim=True)  # so many tokens do not reach it yet
        p = p.masked_fill(rank > reached, 0)
        p = p / p.sum(-1, keepdim=True)
    p = p.masked_fill(p < min_p * p.amax(-1, keepdim=True), 0)
    return (p / p.sum(-1, keepdim=True)).to(probs.dtype)


def diverse_step(scores: Tensor, logp: Tensor, strength: float) -> tuple[Tensor, Tensor, Tensor]:
    if not strength >= 0:
        raise ValueError("strength")
    batch, groups, beam, vocabulary = logp.shape
    parents, tokens = [], []
    for g in range(groups):
        cost = torch.zeros(batch, vocabulary, dtype=logp.dtype)
        if tokens:
            cost = strength * torch.nn.functional.one_hot(torch.cat(tokens, 1), vocabulary).sum(1).to(logp.dtype)
        places = leading((scores[:, g, :, None] + logp[:, g] - cost[:, None]).reshape(batch, -1), beam)
        parents.append(places // vocabulary)
        tokens.append(places % vocabulary)
    parent, token = torch.stack(parents, 1), torch.stack(tokens, 1)
    total = (scores.unsqueeze(-1) + logp).flatten(2)
    return total.gather(2, parent * vocabulary + token), parent, token


def exact_search(step, state: Tensor, bos: int, eos: int, max_len: int) -> tuple[Tensor, float]:
    if max_len < 1:
        raise ValueError("max_len")
    queue, count, best = [(0.0, 0, (), state[0])], 1, None
    while True:
        several = []
        while (
            queue and len(several) < 4 and (best is None or queue[0][0] < best[0])
        ):  # the model is asked about a few at once
            item = heapq.heappop(queue)
            if len(item[2]) == max_len or item[2][-1:] == (eos,):
                best = item
            else:
                several.append(item)
        if not several:
            return torch.tensor(best[2]), -best[0]
        last = torch.tensor([item[2][-1] if item[2] else bos for item in several])
        logp, states = step(last, torch.stack([item[3] for item in several]))
        for (cost, _, prefix, _), row, new in zip(several, logp, states):
            for token in torch.nonzero(row > -torch.inf)[:, 0].tolist():
                heapq.heappush(queue, (cost - row[token].item(), count, (*prefix, token), new))
                count += 1
