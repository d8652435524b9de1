"""Python lists of hypotheses, each with its own state, that are gathered into one batch for every call of the model."""

import math

import torch
from torch import Tensor


def beam_step(scores, logp, finished, eos):
    batch, beam, vocabulary = logp.shape
    logp = logp.clone()
    logp[finished] = -torch.inf
    ends = torch.where(finished, torch.zeros_like(scores), logp[..., eos])
    logp[..., eos] = ends
    flat = (scores[..., None] + logp).reshape(batch, beam * vocabulary)
    if not batch:
        return scores, torch.zeros(0, beam, dtype=torch.int64), torch.zeros(0, beam, dtype=torch.int64)
    least = flat.topk(beam).values[:, -1:]
    out = []
    for row, bar in zip(flat, least):
        places = torch.nonzero(row >= bar)[:, 0]  # in their order; those at the bar may be too many
        values = row[places]
        out.append(places[values.sort(descending=True, stable=True).indices[:beam]])
    places = torch.stack(out)
    return flat.gather(1, places), places // vocabulary, places % vocabulary


class Hypothesis:
    def __init__(self, tokens, score, state):
        self.tokens, self.score, self.state = tokens, score, state


def expand(step, lists, bos, eos):
    """Ask the model about all hypotheses that go on; the answers, in a dict by identity."""
    open_ = [h for hypotheses in lists for h in hypotheses if not h.tokens or h.tokens[-1] != eos]
    if not open_:
        return None
    last = torch.tensor([h.tokens[-1] if h.tokens else bos for h in open_])
    logp, states = step(last, torch.stack([h.state for h in open_]))
    return {id(h): (row, new) for h, row, new in zip(open_, logp, states)}, logp.dtype


def search(step, state, bos, eos, beam, max_len):
    if beam < 1 or max_len < 1:
        raise ValueError("beam and max_len")
    lists, dtype = [[Hypothesis([], 0.0, s)] for s in state], torch.float32
    for _ in range(max_len):
        answered = expand(step, lists, bos, eos)
        if answered is None:
            break
        answers, dtype = answered
        following = []
        for hypotheses in lists:
            found = []
            for rank, h in enumerate(hypotheses):
                if id(h) not in answers:
                    found.append((-h.score, rank, eos, h))
                    continue
                row, new = answers[id(h)]
                for token, value in enumerate(row.tolist()):
                    if value != -math.inf:
                        found.append(
                            (-(h.score + value), rank, token, Hypothesis([*h.tokens, token], h.score + value, new))
                        )
            found.sort(key=lambda item: item[:3])
            following.append([item[3] for item in found[:beam]])
        lists = following
    return filled(lists, eos, beam, max_len, dtype)


def filled(lists, eos, beam, max_len, dtype):
    tokens = torch.full((len(lists), beam, max_len), eos)
    scores = torch.full((len(lists), beam), -math.inf, dtype=dtype)
    for b, hypotheses in enumerate(lists):
        for k, h in enumerate(hypotheses):
            tokens[b, k, : len(h.tokens)] = torch.tensor(h.tokens)
            scores[b, k] = h.score
    return tokens, scores


def greedy_search(step, state, bos, eos, max_len):
    tokens, scores = search(step, state, bos, eos, 1, max_len)
    return tokens[:, 0], scores[:, 0]


def beam_search(step, state, bos, eos, beam, max_len):
    return search(step, state, bos, eos, beam, max_len)


def rank_hypotheses(tokens, scores, eos, alpha):
    if tokens.dim() != 3 or tokens.shape[:2] != scores.shape or not alpha >= 0:
        raise ValueError("arguments")
    values, orders = torch.empty_like(scores), torch.empty(scores.shape, dtype=torch.int64)
    for b, rows in enumerate(tokens.tolist()):
        ranked = []
        for k, row in enumerate(rows):
            length = row.index(eos) + 1 if eos in row else len(row)
            ranked.append((scores[b, k].item() * (6 / (5 + length)) ** alpha, k))
        ranked.sort(key=lambda item: -item[0])
        for place, (value, k) in enumerate(ranked):
            values[b, place], orders[b, place] = value, k
    return values, orders


def filter_probs(probs, top_k=0, top_p=1.0, min_p=0.0):
    if top_k < 0 or top_p <= 0 or top_p > 1 or min_p < 0 or min_p > 1:
        raise ValueError("settings")
    rows = []
    for row in probs.reshape(-1, probs.shape[-1]).tolist():
        order = sorted(range(len(row)), key=lambda token: -row[token])
        if top_k:
            order = order[:top_k]
        if top_p < 1:
            total, stay, reached = math.fsum(row[t] for t in order), [], 0.0
            for token in order:
                if reached >= top_p:
                    break
                stay.append(token)
                reached = math.fsum(row[t] for t in stay) / total
            order = stay
        order = [t for t in order if row[t] >= min_p * row[order[0]]]
        total = math.fsum(row[t] for t in order)
        keep = set(order)
        rows.append([value / total if t in keep else 0.0 for t, value in enumerate(row)])
    return torch.tensor(rows, dtype=torch.float64).reshape(probs.shape).to(probs.dtype)


def diverse_step(scores, logp, strength):
    if strength < 0 or strength != strength:
        raise ValueError("strength")
    batch, groups, beam, vocabulary = logp.shape
    values = torch.empty_like(scores)
    parents, tokens = (torch.empty(scores.shape, dtype=torch.int64) for _ in range(2))
    for b in range(batch):
        uses = {}
        for g in range(groups):
            options = []
            for k in range(beam):
                for v in range(vocabulary):
                    total = scores[b, g, k] + logp[b, g, k, v]
                    options.append((float(total) - strength * uses.get(v, 0), -k, -v, total))
            options.sort(key=lambda o: o[:3], reverse=True)
            for place, (_, k, v, total) in enumerate(options[:beam]):
                values[b, g, place], parents[b, g, place], tokens[b, g, place] = total, -k, -v
            for _, _, v, _ in options[:beam]:
                uses[-v] = uses.get(-v, 0) + 1
    return values, parents, tokens


def exact_search(step, state, bos, eos, max_len):
    """Depth first, the likeliest branch first, cut off by the best sequence so far."""
    if max_len < 1:
        raise ValueError("max_len")
    best = [-math.inf, []]

    def visit(prefix, score, past):
        if len(prefix) == max_len or (prefix and prefix[-1] == eos):
            if score > best[0]:
                best[:] = [score, prefix]
            return
        logp, past = step(torch.tensor([prefix[-1] if prefix else bos]), past)
        for value, token in sorted(((v, t) for t, v in enumerate(logp[0].tolist())), reverse=True):
            if score + value > best[0]:
                visit([*prefix, token], score + value, past)

    visit([], 0.0, state)
    return torch.tensor(best[1]), best[0]
