"""Hidden tests of beam search: models are tables or small recurrent nets, oracles are plain loops over whole prefixes.

Where ties are meant, scores are whole numbers or eighths, which add up exactly in any order and in any precision; all
other scores are float64, where sums of random numbers do not tie.
"""

import itertools
import math

import torch
from torch import Tensor

from grader.testing import assert_close, assert_equal, probe, raises

INF = math.inf
NAN = math.nan
DOUBLE = torch.float64


def integer(rng, low: int, high: int) -> int:
    """Draw a whole number from `low` to `high`, both included."""
    return int(torch.randint(low, high + 1, (), generator=rng))


def randn(rng, *shape: int) -> Tensor:
    """Draw normal numbers in float64."""
    return torch.randn(shape, generator=rng, dtype=DOUBLE)


def eighths(rng, low: int, *shape: int) -> Tensor:
    """Draw multiples of 1/8 between `low` and 0 as float32."""
    return torch.randint(8 * low, 1, shape, generator=rng).float() / 8


def log_probs(rng, *shape: int, scale: float = 1.5) -> Tensor:
    """Draw rows of log-probabilities in float64."""
    return torch.log_softmax(scale * randn(rng, *shape), -1)


def ended(tokens: list[int], eos: int) -> bool:
    """Whether a hypothesis has its end token."""
    return bool(tokens) and tokens[-1] == eos


def nodes(vocabulary: int, depth: int) -> int:
    """How many prefixes of fewer than `depth` tokens there are."""
    return sum(vocabulary**length for length in range(depth))


def node_of(prefix: list[int], vocabulary: int) -> int:
    """The row of a table that belongs to a prefix: child `v` of row `n` is row n · V + v + 1."""
    node = 0
    for token in prefix:
        node = node * vocabulary + token + 1
    return node


def silenced(table: Tensor, eos: int) -> Tensor:
    """A copy of a table (B, nodes, V) with NaN in every row whose prefix contains the end token."""
    table, vocabulary = table.clone(), table.shape[-1]
    over = [False] * table.shape[1]
    for node in range(1, table.shape[1]):
        over[node] = over[(node - 1) // vocabulary] or (node - 1) % vocabulary == eos
    table[:, over] = NAN
    return table


def tree(rng, batch: int, vocabulary: int, depth: int, eos: int, scale: float = 1.5) -> Tensor:
    """Draw a model that gives every prefix its own distribution, and NaN after the end."""
    return silenced(log_probs(rng, batch, nodes(vocabulary, depth), vocabulary, scale=scale), eos)


def roots(batch: int) -> Tensor:
    """The initial states of a table model: which model of the batch, and no prefix yet."""
    return torch.stack([torch.arange(batch), torch.full((batch,), -1)], dim=1)


def rows_of(table: Tensor):
    """The model as a function from prefix to log-probabilities, as a list."""
    return lambda prefix: table[node_of(prefix, table.shape[-1])].tolist()


def beam_by_hand(model, eos: int, beam: int, max_len: int) -> list[tuple[float, list[int]]]:
    """Beam search over whole prefixes: (score, tokens without filling), best first; ties by parent, then by token."""
    beams = [(0.0, [])]
    for _ in range(max_len):
        if all(ended(tokens, eos) for _, tokens in beams):
            break
        found = []
        for rank, (score, tokens) in enumerate(beams):
            if ended(tokens, eos):
                found.append((-score, rank, eos, tokens))
                continue
            for token, value in enumerate(model(tokens)):
                if value > -INF:
                    found.append((-(score + value), rank, token, [*tokens, token]))
        beams = [(-cost, tokens) for cost, _, _, tokens in sorted(found)[:beam]]
    return beams


def filled(beams: list[tuple[float, list[int]]], eos: int, beam: int, max_len: int) -> tuple[Tensor, Tensor]:
    """Hypotheses as tensors: tokens (beam, max_len), end tokens filling up; scores, -inf where there are too few."""
    tokens = torch.full((beam, max_len), eos)
    scores = torch.full((beam,), -INF, dtype=DOUBLE)
    for rank, (score, found) in enumerate(beams):
        scores[rank] = score
        tokens[rank, : len(found)] = torch.tensor(found)
    return tokens, scores


def sequences(model, eos: int, max_len: int) -> list[tuple[float, list[int]]]:
    """Every complete sequence with its score, best first, by brute force."""
    found, open_ = [], [(0.0, [])]
    while open_:
        score, tokens = open_.pop()
        if ended(tokens, eos) or len(tokens) == max_len:
            found.append((score, tokens))
        else:
            open_ += [(score + v, [*tokens, t]) for t, v in enumerate(model(tokens)) if v > -INF]
    return sorted(found, reverse=True)


def assert_hypotheses(got: tuple[Tensor, Tensor], want: list[tuple[Tensor, Tensor]], dtype=DOUBLE) -> None:
    """Accept tokens and scores (B, K, ...) of a beam search; tokens of hypotheses that do not exist mean nothing."""
    tokens, scores = torch.stack([w[0] for w in want]), torch.stack([w[1] for w in want])
    assert_close(got[1], scores, dtype=dtype)
    there = scores > -INF
    assert_equal([str(got[0].dtype), tuple(got[0].shape)], ["torch.int64", tuple(tokens.shape)])
    assert_equal(got[0][there], tokens[there])


def assert_chosen(got: tuple[Tensor, ...], want: tuple[Tensor, ...], dtype=DOUBLE) -> None:
    """Accept scores of `dtype` within tolerance, with whole numbers (parents, tokens) beside them that are equal."""
    assert_close(got[0], want[0], dtype=dtype)
    assert_equal(list(got[1:]), list(want[1:]))


def garden_path(rng, vocabulary: int, eos: int, decoys: int) -> Tensor:
    """A table of three steps whose best sequence begins with the token that ranks after `decoys` others."""
    table = torch.full((nodes(vocabulary, 3), vocabulary), -9.0, dtype=DOUBLE)
    others = [token for token in torch.randperm(vocabulary, generator=rng).tolist() if token != eos]
    for rank, token in enumerate(others[: decoys + 1]):
        table[0, token] = -1.0 - rank / 32
    gold = others[decoys]
    table[node_of([gold], vocabulary), others[0]] = -0.125
    table[node_of([gold, others[0]], vocabulary), eos] = -0.125
    return silenced(table.unsqueeze(0), eos)


def shares(rng, rows: int, vocabulary: int) -> Tensor:
    """Draw whole numbers (rows, V) that sum to 1024 in each row: as probabilities, their sums are exact."""
    weights = torch.multinomial(torch.rand(rows, vocabulary, generator=rng) ** 3 + 1e-3, 1024, True, generator=rng)
    return torch.stack([row.bincount(minlength=vocabulary) for row in weights])


def kept_by_hand(row: list[int], top_k: int, top_p: float, min_p: float) -> list[float]:
    """Filter one row of whole numbers by the definition."""
    order = sorted(range(len(row)), key=lambda token: (-row[token], token))
    if top_k:
        order = order[:top_k]
    if top_p < 1:
        total, before, stay = sum(row[token] for token in order), 0, []
        for token in order:
            if before < top_p * total:
                stay.append(token)
            before += row[token]
        order = stay
    order = [token for token in order if row[token] >= min_p * row[order[0]]]
    total = sum(row[token] for token in order)
    return [row[token] / total if token in order else 0.0 for token in range(len(row))]


def filtered(counts: Tensor, top_k: int = 0, top_p: float = 1.0, min_p: float = 0.0) -> Tensor:
    """Filter rows of whole numbers by the definition."""
    return torch.tensor([kept_by_hand(row, top_k, top_p, min_p) for row in counts.tolist()], dtype=DOUBLE)


def groups_by_hand(scores: Tensor, logp: Tensor, strength: float) -> tuple[Tensor, Tensor, Tensor]:
    """One diverse step of a batch, entry by entry."""
    batch, groups, beam, vocabulary = logp.shape
    out = torch.zeros(batch, groups, beam, dtype=DOUBLE)
    parents, tokens = (torch.zeros(batch, groups, beam, dtype=torch.int64) for _ in range(2))
    for b in range(batch):
        used = [0] * vocabulary
        for g in range(groups):
            found = []
            for k, v in itertools.product(range(beam), range(vocabulary)):
                total = scores[b, g, k].item() + logp[b, g, k, v].item()
                found.append((-(total - strength * used[v]), k, v, total))
            for rank, (_, k, v, total) in enumerate(sorted(found)[:beam]):
                out[b, g, rank], parents[b, g, rank], tokens[b, g, rank] = total, k, v
                used[v] += 1
    return out, parents, tokens


def recurrent_rows(embedding: Tensor, hidden: Tensor, readout: Tensor, start: Tensor, bos: int):
    """A small recurrent net as a function from prefix to log-probabilities, run from the start each time."""

    def model(prefix: list[int]) -> list[float]:
        h = start
        for token in [bos, *prefix]:
            h = torch.tanh(embedding[token] + h @ hidden)
        return torch.log_softmax(h @ readout, -1).tolist()

    return model


@probe
def table_step(candidate, table: Tensor, bos: int, asked: list):
    """The step of a table model; `asked` collects how many rows each call had."""

    def step(tokens, state):
        item, node = state[:, 0], state[:, 1]
        node = torch.where(node < 0, tokens - bos, node * table.shape[2] + tokens + 1)
        asked.append(len(tokens))
        return table[item, node], torch.stack([item, node], dim=1)

    return step


@probe
def recurrent_step(candidate, embedding: Tensor, hidden: Tensor, readout: Tensor):
    """The step of a small recurrent net."""

    def step(tokens, state):
        state = torch.tanh(embedding[tokens] + state @ hidden)
        return torch.log_softmax(state @ readout, -1), state

    return step


@probe
def greedy_on_table(candidate, table: Tensor, state: Tensor, bos: int, eos: int, max_len: int):
    asked = []
    tokens, scores = candidate.greedy_search(table_step(candidate, table, bos, asked), state, bos, eos, max_len)
    return tokens, scores, asked


@probe
def greedy_on_net(candidate, weights: list, state: Tensor, bos: int, eos: int, max_len: int):
    return candidate.greedy_search(recurrent_step(candidate, *weights), state, bos, eos, max_len)


@probe
def beam_on_table(candidate, table: Tensor, state: Tensor, bos: int, eos: int, beam: int, max_len: int):
    asked = []
    tokens, scores = candidate.beam_search(table_step(candidate, table, bos, asked), state, bos, eos, beam, max_len)
    return tokens, scores, asked


@probe
def beam_on_net(candidate, weights: list, state: Tensor, bos: int, eos: int, beam: int, max_len: int):
    return candidate.beam_search(recurrent_step(candidate, *weights), state, bos, eos, beam, max_len)


@probe
def exact_on_table(candidate, table: Tensor, state: Tensor, bos: int, eos: int, max_len: int):
    asked = []
    tokens, score = candidate.exact_search(table_step(candidate, table, bos, asked), state, bos, eos, max_len)
    return tokens, score, sum(asked)


@probe
def exact_on_net(candidate, weights: list, state: Tensor, bos: int, eos: int, max_len: int):
    return candidate.exact_search(recurrent_step(candidate, *weights), state, bos, eos, max_len)


class TestBeamStep:
    def step_by_hand(self, scores: Tensor, logp: Tensor, finished: Tensor, eos: int) -> tuple[Tensor, Tensor, Tensor]:
        """One step of a batch, entry by entry."""
        rows = []
        for s, lp, done in zip(scores.tolist(), logp.tolist(), finished.tolist(), strict=True):
            found = [
                (-(a + ((0.0 if v == eos else -INF) if over else value)), k, v)
                for k, (a, row, over) in enumerate(zip(s, lp, done, strict=True))
                for v, value in enumerate(row)
            ]
            rows.append(sorted(found)[: len(s)])
        out = torch.tensor(rows, dtype=DOUBLE)
        return -out[..., 0], out[..., 1].long(), out[..., 2].long()

    def test_definition(self, candidate, rng):
        """The best totals of all hypotheses together are found, even several of one, with parents and tokens."""
        for _ in range(3):
            scores, logp = 3 * log_probs(rng, 3, 4), log_probs(rng, 3, 4, 7)
            finished = torch.zeros(3, 4, dtype=torch.bool)
            want = self.step_by_hand(scores, logp, finished, 0)
            assert_chosen(candidate.beam_step(scores, logp, finished, 0), want)

    def test_finished(self, candidate, rng):
        """A finished hypothesis takes one more end token at no cost and nothing else, and competes with the others."""
        for eos in (0, 4, 2):
            scores, logp = log_probs(rng, 4, 3, scale=0.5), log_probs(rng, 4, 3, 5)
            finished = torch.rand(4, 3, generator=rng) < 0.5
            finished[0], finished[1] = True, False
            logp[2] -= 5.0
            want = self.step_by_hand(scores, logp, finished, eos)
            got = candidate.beam_step(scores, logp, finished, eos)
            there = want[0] > -INF
            assert_close(got[0], want[0], dtype=DOUBLE)
            assert_equal((got[1][there], got[2][there]), (want[1][there], want[2][there]))

    def test_nothing_after_the_end(self, candidate, rng):
        """What the model says after the end has no influence, even NaN."""
        scores, logp = log_probs(rng, 2, 3), log_probs(rng, 2, 3, 6)
        finished = torch.tensor([[False, True, False], [True, False, False]])
        want = self.step_by_hand(scores, logp, finished, 3)
        for filler in (NAN, 0.0, -INF):
            spoilt = torch.where(finished.unsqueeze(-1), filler, logp)
            assert_chosen(candidate.beam_step(scores, spoilt, finished, 3), want)

    def test_ties(self, candidate, rng):
        """Of equal continuations that of the earlier hypothesis comes first, and then the smaller token."""
        for _ in range(3):
            scores, logp = eighths(rng, -1, 3, 5), eighths(rng, -1, 3, 5, 40)
            finished = torch.rand(3, 5, generator=rng) < 0.2
            want = self.step_by_hand(scores, logp, finished, 7)
            assert_equal(candidate.beam_step(scores, logp, finished, 7), (want[0].float(), want[1], want[2]))
        flat = torch.zeros(2, 4), torch.zeros(2, 4, 30), torch.zeros(2, 4, dtype=torch.bool)
        assert_equal(candidate.beam_step(*flat, 29)[2], torch.arange(4).expand(2, 4))

    def test_missing_hypotheses(self, candidate, rng):
        """A score of minus infinity, of a hypothesis or of a token, is beaten by any other."""
        for _ in range(2):
            scores, logp = log_probs(rng, 2, 4), log_probs(rng, 2, 4, 6)
            scores[:, 1:] = -INF
            logp[0, 0, 2:4] = -INF
            finished = torch.zeros(2, 4, dtype=torch.bool)
            want = self.step_by_hand(scores, logp, finished, 5)
            assert_chosen(candidate.beam_step(scores, logp, finished, 5), want)

    def test_small(self, candidate, rng):
        """A single hypothesis, a single token and an empty batch are legal."""
        for batch, beam, vocabulary in ((2, 1, 5), (3, 4, 1), (0, 3, 5)):
            scores, logp = eighths(rng, -9, batch, beam), eighths(rng, -9, batch, beam, vocabulary)
            finished = torch.zeros(batch, beam, dtype=torch.bool)
            want = self.step_by_hand(scores, logp, finished, 0) if batch else (torch.zeros(0, 3),) * 3
            want = want[0].float(), want[1].long(), want[2].long()
            assert_equal(candidate.beam_step(scores, logp, finished, 0), want)

    def test_layout(self, candidate, rng):
        """Transposed and expanded inputs give the same answer, in single precision too."""
        logp = eighths(rng, -9, 6, 3, 2).permute(2, 1, 0)
        for scores in (eighths(rng, -4, 3, 2).t(), eighths(rng, -4, 1, 3).expand(2, 3)):
            finished = torch.tensor([True, False]).unsqueeze(1).expand(2, 3)
            want = self.step_by_hand(scores, logp, finished, 1)
            got = candidate.beam_step(scores, logp, finished, 1)
            there = want[0] > -INF
            assert_equal(got[0], want[0].float())
            assert_equal((got[1][there], got[2][there]), (want[1][there], want[2][there]))

    def test_speed(self, candidate, budget, rng):
        """A large vocabulary is not walked through in Python."""
        finished = torch.zeros(8, 6, dtype=torch.bool)
        budget.time("beam_step", lambda: (randn(rng, 8, 6).float(), randn(rng, 8, 6, 1500).float(), finished, 0))


class TestGreedySearch:
    def test_definition(self, candidate, rng):
        """Each step takes the likeliest token, and the score sums log-probabilities, the end token's included."""
        for eos in (0, 3, 1):
            table = tree(rng, 3, 4, 4, eos)
            got = greedy_on_table(candidate, table, roots(3), 2, eos, 4)
            want = [filled(beam_by_hand(rows_of(t), eos, 1, 4), eos, 1, 4) for t in table]
            assert_hypotheses((got[0].unsqueeze(1), got[1].unsqueeze(1)), want)

    def test_state_and_start(self, candidate, rng):
        """The model sees the start token first, and then each token with the state that came before it."""
        for bos in (4, 1):
            weights = [randn(rng, 5, 6), randn(rng, 6, 6), 2 * randn(rng, 6, 5)]
            start = randn(rng, 3, 6)
            tokens, scores = greedy_on_net(candidate, weights, start, bos, 0, 7)
            models = [recurrent_rows(*weights, h, bos) for h in start]
            want = [filled(beam_by_hand(model, 0, 1, 7), 0, 1, 7) for model in models]
            assert_hypotheses((tokens.unsqueeze(1), scores.unsqueeze(1)), want)

    def test_ends_apart(self, candidate, rng):
        """What the model says about a sequence that has ended, even NaN, changes nothing while others go on."""
        for last in (2, 4):
            table = torch.full((3, nodes(3, 5), 3), -4.0, dtype=DOUBLE)
            table[..., 1] = -0.5
            table[0, node_of([1], 3)] = torch.tensor([-2.0, -3.0, -1.0])
            table[1, node_of([1] * last, 3)] = torch.tensor([-3.0, -2.0, -0.25])
            table = silenced(table, 2)
            tokens, scores, _ = greedy_on_table(candidate, table, roots(3), 0, 2, 5)
            want = [filled(beam_by_hand(rows_of(t), 2, 1, 5), 2, 1, 5) for t in table]
            assert_hypotheses((tokens.unsqueeze(1), scores.unsqueeze(1)), want)

    def test_ties(self, candidate, rng):
        """Of equally likely tokens the smallest is taken."""
        for _ in range(2):
            table = silenced(-torch.randint(1, 3, (2, nodes(6, 4), 6), generator=rng).double(), 5)
            tokens, scores, _ = greedy_on_table(candidate, table, roots(2), 0, 5, 4)
            want = [filled(beam_by_hand(rows_of(t), 5, 1, 4), 5, 1, 4) for t in table]
            assert_hypotheses((tokens.unsqueeze(1), scores.unsqueeze(1)), want)

    def test_calls(self, candidate, rng):
        """The model is asked once a position, and not at all once every sequence has ended."""
        table = torch.full((2, nodes(3, 6), 3), -3.0, dtype=DOUBLE)
        table[..., 0] = -1.0
        for ends, limit in (([1, 3], 6), ([2, 2], 6), ([9, 0], 5)):
            model = table.clone()
            for item, length in enumerate(ends):
                if length < 6:
                    model[item, node_of([0] * length, 3), 1] = -0.5
            tokens, scores, asked = greedy_on_table(candidate, silenced(model, 1), roots(2), 2, 1, limit)
            want = [filled(beam_by_hand(rows_of(t), 1, 1, limit), 1, 1, limit) for t in model]
            assert_hypotheses((tokens.unsqueeze(1), scores.unsqueeze(1)), want)
            assert len(asked) <= min(limit, max(ends) + 1), "the model was asked too often"
            assert max(asked) <= 2, "the model was asked about more rows than there are sequences"

    def test_single_precision(self, candidate, rng):
        """The scores have the dtype of the model's log-probabilities."""
        for limit in (4, 1):
            table = tree(rng, 2, 3, 4, 0).float()
            tokens, scores, _ = greedy_on_table(candidate, table, roots(2), 1, 0, limit)
            want = [filled(beam_by_hand(rows_of(t), 0, 1, limit), 0, 1, limit) for t in table]
            assert_hypotheses((tokens.unsqueeze(1), scores.unsqueeze(1)), want, dtype=torch.float32)

    def test_refuses(self, candidate, rng):
        """No room for any token is refused."""
        for limit in (0, -1):
            with raises(ValueError):
                greedy_on_table(candidate, tree(rng, 1, 3, 1, 0), roots(1), 1, 0, limit)


class TestLengthPenalty:
    def ranked(self, tokens: Tensor, scores: Tensor, eos: int, alpha: float) -> tuple[Tensor, Tensor]:
        """Rank hypothesis by hypothesis."""
        rows = []
        for row, line in zip(tokens.tolist(), scores.tolist(), strict=True):
            found = []
            for k, (hypothesis, score) in enumerate(zip(row, line, strict=True)):
                length = hypothesis.index(eos) + 1 if eos in hypothesis else len(hypothesis)
                found.append((-(score / ((5 + length) / 6) ** alpha), k))
            rows.append(sorted(found))
        out = torch.tensor(rows, dtype=DOUBLE)
        return -out[..., 0], out[..., 1].long()

    def test_definition(self, candidate, rng):
        """Scores are divided by the penalty of the statement for their length, and the best comes first."""
        for alpha in (0.6, 1.0, 2.5):
            tokens, scores = torch.randint(0, 9, (4, 6, 10), generator=rng), -5 * randn(rng, 4, 6).abs()
            want = self.ranked(tokens, scores, 3, alpha)
            assert_chosen(candidate.rank_hypotheses(tokens, scores, 3, alpha), want)

    def test_end_counts(self, candidate, rng):
        """The first end token counts, what follows it does not, and a hypothesis without one counts in full."""
        lengths = torch.stack([torch.randperm(7, generator=rng) for _ in range(3)])
        tokens = torch.where(torch.arange(6) >= lengths.unsqueeze(-1), 0, 1 + torch.arange(6))
        after = torch.where(
            torch.arange(6) > lengths.unsqueeze(-1), torch.randint(0, 3, (3, 7, 6), generator=rng), tokens
        )
        scores = torch.full((3, 7), -2.0, dtype=DOUBLE)
        for given in (tokens, after):
            for alpha in (1.0, 0.3):
                want = self.ranked(given, scores, 0, alpha)
                assert_chosen(candidate.rank_hypotheses(given, scores, 0, alpha), want)

    def test_no_penalty(self, candidate, rng):
        """Without a penalty scores stay as they are, whatever the lengths."""
        tokens = torch.randint(0, 4, (2, 5, 6), generator=rng)
        for scores in (-randn(rng, 2, 5).abs(), -randn(rng, 2, 5).abs()):
            want = scores.sort(descending=True)
            assert_chosen(candidate.rank_hypotheses(tokens, scores, 0, 0.0), (want.values, want.indices))

    def test_longer_wins(self, candidate, rng):
        """With more and more of the penalty the longer of two hypotheses overtakes the likelier."""
        tokens = torch.tensor([[[1, 0, 0, 0, 0, 0], [1, 2, 1, 2, 1, 0]]])
        scores = torch.tensor([[-2.0, -3.0]], dtype=DOUBLE) - torch.rand(1, generator=rng, dtype=DOUBLE) / 8
        for alpha, first in ((0.0, 0), (0.2, 0), (2.0, 1), (4.0, 1)):
            values, order = candidate.rank_hypotheses(tokens, scores, 0, alpha)
            assert_equal(order[0, 0].item(), first)
            assert_close(values, self.ranked(tokens, scores, 0, alpha)[0], dtype=DOUBLE)

    def test_ties(self, candidate, rng):
        """Hypotheses of equal score and length stay in order."""
        lengths = torch.randint(0, 3, (3, 40), generator=rng)
        tokens = torch.where(torch.arange(4) == lengths.unsqueeze(-1), 5, 1)
        scores = -torch.randint(1, 3, (3, 40), generator=rng).double()
        # penalties of 1, 7/6 and 8/6 make no quotient of 1 and 2 equal to another
        want = self.ranked(tokens, scores, 5, 1.0)
        assert_chosen(candidate.rank_hypotheses(tokens, scores, 5, 1.0), want)

    def test_missing_hypotheses(self, candidate, rng):
        """Hypotheses at minus infinity keep that score and come last."""
        tokens, scores = torch.randint(0, 4, (2, 5, 6), generator=rng), -randn(rng, 2, 5).abs()
        scores[0, 1], scores[1, :3] = -INF, -INF
        want = self.ranked(tokens, scores, 2, 0.8)
        assert_chosen(candidate.rank_hypotheses(tokens, scores, 2, 0.8), want)

    def test_single_precision_and_layout(self, candidate, rng):
        """Transposed, strided and expanded inputs are served, and scores keep their dtype."""
        tokens = torch.randint(0, 5, (12, 4, 3), generator=rng).permute(2, 1, 0)[..., ::2]
        for scores in (-torch.arange(1.0, 13.0).reshape(4, 3).t(), -torch.arange(1.0, 5.0).expand(3, 4)):
            values, order = candidate.rank_hypotheses(tokens, scores, 1, 0.7)
            want = self.ranked(tokens, scores, 1, 0.7)
            assert_close(values, want[0])
            assert_close(scores.gather(1, order), scores.gather(1, want[1]), dtype=torch.float32)

    def test_refuses(self, candidate, rng):
        """A negative penalty and shapes that do not fit are refused."""
        tokens, scores = torch.ones(2, 3, 4, dtype=torch.int64), torch.zeros(2, 3)
        for bad in (
            (tokens, scores, -0.5),
            (tokens, scores[:, :1], 1.0),
            (tokens[0], scores, 1.0),
            (tokens, scores[0], 1.0),
        ):
            with raises(ValueError):
                candidate.rank_hypotheses(bad[0], bad[1], 0, bad[2])


class TestBeamSearch:
    def test_definition(self, candidate, rng):
        """Every step keeps the best continuations of the step before, by plain sums of log-probabilities."""
        for eos, beam in ((0, 3), (3, 2), (1, 4)):
            table = tree(rng, 2, 4, 5, eos)
            got = beam_on_table(candidate, table, roots(2), 2, eos, beam, 5)
            want = [filled(beam_by_hand(rows_of(t), eos, beam, 5), eos, beam, 5) for t in table]
            assert_hypotheses(got[:2], want)

    def test_state_follows(self, candidate, rng):
        """Each hypothesis takes over its parent's state, its tokens so far and whether it is finished."""
        for bos in (3, 1):
            weights = [randn(rng, 5, 6), randn(rng, 6, 6), 2 * randn(rng, 6, 5)]
            start = randn(rng, 2, 6)
            got = beam_on_net(candidate, weights, start, bos, 4, 4, 6)
            models = [recurrent_rows(*weights, h, bos) for h in start]
            assert_hypotheses(got, [filled(beam_by_hand(model, 4, 4, 6), 4, 4, 6) for model in models])

    def test_exhaustive_when_wide(self, candidate, rng):
        """A beam as wide as the set of all sequences lists each of them once, best first, and no others."""
        for eos in (2, 0):
            table = tree(rng, 2, 3, 3, eos)
            got = beam_on_table(candidate, table, roots(2), 1, eos, 27, 3)
            want = [filled(sequences(rows_of(t), eos, 3), eos, 27, 3) for t in table]
            assert_hypotheses(got[:2], want)

    def test_garden_path(self, candidate, rng):
        """A beam finds a good sequence with a poor beginning if it is wide enough, and only then."""
        for decoys in (1, 3):
            table = garden_path(rng, 6, 5, decoys)
            best = sequences(rows_of(table[0]), 5, 3)[0]
            for beam in (decoys, decoys + 1):
                got = beam_on_table(candidate, table, roots(1), 0, 5, beam, 3)
                assert_hypotheses(got[:2], [filled(beam_by_hand(rows_of(table[0]), 5, beam, 3), 5, beam, 3)])
                assert_equal(bool(got[1][0, 0] >= best[0] - 1e-9), beam > decoys)

    def test_width_one(self, candidate, rng):
        """A beam of one is greedy search."""
        for _ in range(2):
            table = tree(rng, 3, 4, 4, 1)
            got = beam_on_table(candidate, table, roots(3), 0, 1, 1, 4)
            want = []
            for t in table:
                score, tokens = 0.0, []
                while len(tokens) < 4 and not ended(tokens, 1):
                    row = rows_of(t)(tokens)
                    score, tokens = score + max(row), [*tokens, row.index(max(row))]
                want.append(filled([(score, tokens)], 1, 1, 4))
            assert_hypotheses(got[:2], want)

    def test_finished_compete(self, candidate, rng):
        """A finished hypothesis keeps its place and its score, and a better one may still push it out."""
        for late in (-0.125, -2.0):
            table = torch.full((1, nodes(3, 4), 3), -6.0, dtype=DOUBLE)
            table[0, 0] = torch.tensor([-0.5, -0.75, -1.0])
            table[0, node_of([0], 3)] = torch.tensor([late, -0.25, -3.0])
            table[0, node_of([1], 3)] = torch.tensor([-0.25, -0.5, -3.0])
            table = silenced(table, 2)
            got = beam_on_table(candidate, table, roots(1), 0, 2, 3, 4)
            assert_hypotheses(got[:2], [filled(beam_by_hand(rows_of(table[0]), 2, 3, 4), 2, 3, 4)])

    def test_ties(self, candidate, rng):
        """Ties are broken at every step by the rank of the parent, and then by the token."""
        for _ in range(3):
            table = silenced(-torch.randint(1, 3, (2, nodes(4, 5), 4), generator=rng).double(), 3)
            got = beam_on_table(candidate, table, roots(2), 0, 3, 4, 5)
            assert_hypotheses(got[:2], [filled(beam_by_hand(rows_of(t), 3, 4, 5), 3, 4, 5) for t in table])

    def test_batch(self, candidate, rng):
        """Sequences of a batch do not disturb each other, whenever each of them ends."""
        table = tree(rng, 4, 3, 5, 2)
        table[1, 0] = torch.tensor([-3.0, -4.0, -0.0625])
        table[3, :, 2] -= 9.0
        got = beam_on_table(candidate, table, roots(4)[[3, 1, 0, 2]], 1, 2, 2, 5)
        want = [filled(beam_by_hand(rows_of(table[i]), 2, 2, 5), 2, 2, 5) for i in (3, 1, 0, 2)]
        assert_hypotheses(got[:2], want)

    def test_impossible_tokens(self, candidate, rng):
        """Tokens that cannot follow never do, even if the beam cannot be filled without them."""
        for _ in range(2):
            table = log_probs(rng, 2, nodes(4, 4), 4)
            table[torch.rand(table.shape, generator=rng) < 0.5] = -INF
            table[..., 1] = -1.5 - torch.rand(table.shape[:2], generator=rng, dtype=DOUBLE)
            table = silenced(table, 0)
            got = beam_on_table(candidate, table, roots(2), 3, 0, 4, 4)
            assert_hypotheses(got[:2], [filled(beam_by_hand(rows_of(t), 0, 4, 4), 0, 4, 4) for t in table])

    def test_calls(self, candidate, rng):
        """The model is asked once a position about the hypotheses there are, and not again once all have ended."""
        table = torch.full((2, nodes(3, 6), 3), -6.0, dtype=DOUBLE)
        table[:, 0] = torch.tensor([-0.5, -0.75, -9.0])
        table[:, 1:, 0] = -1.0
        for length in (2, 3):
            model = table.clone()
            for first in (0, 1):
                model[:, node_of([first] + [0] * (length - 1), 3), 2] = -0.125 - first / 8
            tokens, scores, asked = beam_on_table(candidate, silenced(model, 2), roots(2), 1, 2, 2, 6)
            assert_hypotheses((tokens, scores), [filled(beam_by_hand(rows_of(t), 2, 2, 6), 2, 2, 6) for t in model])
            assert len(asked) <= length + 1, "the model was asked too often"
            assert max(asked) <= 4, "the model was asked about more rows than there are hypotheses"

    def test_single_precision(self, candidate, rng):
        """The scores have the dtype of the model's log-probabilities, and one token is enough."""
        for limit in (1, 3):
            table = silenced(eighths(rng, -9, 2, nodes(5, 3), 5), 4)
            got = beam_on_table(candidate, table, roots(2), 0, 4, 3, limit)
            want = [filled(beam_by_hand(rows_of(t), 4, 3, limit), 4, 3, limit) for t in table]
            assert_hypotheses(got[:2], want, dtype=torch.float32)

    def test_refuses(self, candidate, rng):
        """A beam of no hypotheses and a limit of no tokens are refused."""
        for beam, limit in ((0, 3), (-1, 3), (2, 0)):
            with raises(ValueError):
                beam_on_table(candidate, tree(rng, 1, 3, 3, 0), roots(1), 1, 0, beam, limit)


class TestSamplingFilter:
    def test_top_k(self, candidate, rng):
        """The likeliest tokens stay, as many as asked for, and what is left sums to one again."""
        for top_k in (1, 3, 8):
            counts = shares(rng, 6, 12)
            got = candidate.filter_probs((counts / 1024).double(), top_k)
            assert_close(got, filtered(counts, top_k), dtype=DOUBLE)

    def test_top_p(self, candidate, rng):
        """The likeliest tokens stay until their sum has reached the share, the one that reaches it included."""
        for top_p in (0.3137, 0.618, 0.9531):
            counts = shares(rng, 6, 12)
            got = candidate.filter_probs((counts / 1024).double(), top_p=top_p)
            assert_close(got, filtered(counts, top_p=top_p), dtype=DOUBLE)

    def test_top_p_reached_exactly(self, candidate, rng):
        """A sum that equals the share has reached it, and the next token does not stay."""
        counts = torch.tensor([512, 256, 128, 64, 32, 32])
        for top_p in (0.5, 0.75, 0.9375, 0.0001):
            rows = torch.stack([counts[torch.randperm(6, generator=rng)] for _ in range(3)])
            got = candidate.filter_probs(rows / 1024, top_p=top_p)
            assert_close(got, filtered(rows, top_p=top_p))

    def test_min_p(self, candidate, rng):
        """Tokens with less than a share of the largest probability go, those with exactly that share stay."""
        counts = torch.tensor([400, 200, 200, 100, 99, 25])
        for min_p in (0.5, 0.25, 1.0, 0.0625):
            rows = torch.stack([counts[torch.randperm(6, generator=rng)] for _ in range(3)])
            got = candidate.filter_probs((rows / 1024).double(), min_p=min_p)
            assert_close(got, filtered(rows, min_p=min_p), dtype=DOUBLE)

    def test_together(self, candidate, rng):
        """Filters work one after the other, each on the distribution that the one before has left."""
        for top_k, top_p, min_p in ((4, 0.618, 0.0), (7, 0.8713, 0.25), (5, 1.0, 0.5), (3, 0.618, 0.0)):
            counts = shares(rng, 8, 12)
            got = candidate.filter_probs((counts / 1024).double(), top_k, top_p, min_p)
            assert_close(got, filtered(counts, top_k, top_p, min_p), dtype=DOUBLE)

    def test_ties(self, candidate, rng):
        """Of equally likely tokens those with smaller ids stay."""
        flat = torch.full((2, 64), 16)
        for settings in ((5, 1.0, 0.0), (0, 0.25, 0.0), (24, 0.618, 0.0)):
            assert_close(candidate.filter_probs(flat / 1024, *settings), filtered(flat, *settings))
        for top_k in (2, 6, 11):
            counts = torch.tensor([[200] * 3 + [50] * 8 + [24]])[:, torch.randperm(12, generator=rng)]
            assert_close(candidate.filter_probs(counts / 1024, top_k), filtered(counts, top_k))

    def test_no_filter(self, candidate, rng):
        """Settings that keep all tokens change nothing, and every probability stays at the place of its token."""
        for settings in ((0, 1.0, 0.0), (50, 1.0, 0.0)):
            counts = shares(rng, 5, 12)
            assert_close(candidate.filter_probs(counts / 1024, *settings), counts.double() / 1024)

    def test_always_one_left(self, candidate, rng):
        """However strict the filters are, the likeliest token stays."""
        for settings in ((1, 1e-9, 1.0), (0, 1e-9, 0.0), (1, 1.0, 1.0)):
            counts = shares(rng, 5, 9) * 16 + torch.randperm(9, generator=rng)  # no ties
            probs = (counts / counts.sum(-1, keepdim=True)).double()
            want = torch.nn.functional.one_hot(counts.argmax(-1), 9).double()
            assert_close(candidate.filter_probs(probs, *settings), want, dtype=DOUBLE)

    def test_shapes_and_layout(self, candidate, rng):
        """Any number of leading dimensions and any memory layout are served."""
        counts = shares(rng, 12, 7)
        want = filtered(counts, 4, 0.9531)
        probs = (counts / 1024).double()
        got = candidate.filter_probs(probs.reshape(3, 2, 2, 7), 4, 0.9531)
        assert_close(got, want.reshape(3, 2, 2, 7), dtype=DOUBLE)
        assert_close(candidate.filter_probs(probs.t().contiguous().t(), 4, 0.9531), want, dtype=DOUBLE)
        assert_close(candidate.filter_probs(probs[3], 4, 0.9531), want[3], dtype=DOUBLE)

    def test_refuses(self, candidate, rng):
        """Settings out of range are refused."""
        probs = torch.tensor([0.5, 0.25, 0.25])
        for settings in ((-1, 1.0, 0.0), (0, 0.0, 0.0), (0, 1.5, 0.0), (0, -0.5, 0.0), (0, 1.0, -0.1), (0, 1.0, 1.5)):
            with raises(ValueError):
                candidate.filter_probs(probs, *settings)


class TestDiverseStep:
    def test_definition(self, candidate, rng):
        """Groups choose in turn, tokens used before cost more, and a group keeps the order of its choice."""
        for strength in (0.5, 1.5, 0.25):
            scores, logp = log_probs(rng, 2, 3, 2, scale=0.5), log_probs(rng, 2, 3, 2, 5, scale=0.7)
            want = groups_by_hand(scores, logp, strength)
            assert_chosen(candidate.diverse_step(scores, logp, strength), want)

    def test_no_strength(self, candidate, rng):
        """Without strength every group is a beam of its own."""
        for _ in range(2):
            scores, logp = log_probs(rng, 2, 3, 3), log_probs(rng, 2, 3, 3, 6)
            got = candidate.diverse_step(scores, logp, 0.0)
            alone = [groups_by_hand(scores[:, g : g + 1], logp[:, g : g + 1], 9.0) for g in range(3)]
            want = tuple(torch.cat(part, dim=1) for part in zip(*alone, strict=True))
            assert_chosen(got, want)

    def test_equal_groups_part(self, candidate, rng):
        """Groups that start equal choose different tokens under a strong penalty, and the scores do not show it."""
        for beam in (1, 2):
            scores = log_probs(rng, 2, 1, beam).expand(2, 4, beam)
            logp = log_probs(rng, 2, 1, 1, 9).expand(2, 4, beam, 9)
            got = candidate.diverse_step(scores, logp, 64.0)
            assert_chosen(got, groups_by_hand(scores, logp, 64.0))
            total = (scores.unsqueeze(-1) + logp).flatten(2).gather(2, got[1] * 9 + got[2])
            assert_close(got[0], total, dtype=DOUBLE)

    def test_repeated_use(self, candidate, rng):
        """A token chosen twice costs twice, by one group or by two, and no returned score carries the cost."""
        for strength in (0.375, 0.75):
            scores = torch.zeros(1, 4, 3, dtype=DOUBLE)
            logp = torch.tensor([-0.0625, -1.0, -1.5, -2.25, -3.0, -3.5], dtype=DOUBLE).expand(1, 4, 3, 6)
            shift = randn(rng, 1, 1, 3, 1) / 64
            want = groups_by_hand(scores, logp + shift, strength)
            assert_chosen(candidate.diverse_step(scores, logp + shift, strength), want)

    def test_own_group(self, candidate, rng):
        """Within a group a token may be chosen freely, and the first group pays nothing."""
        for _ in range(2):
            scores, logp = log_probs(rng, 2, 2, 4, scale=0.1), log_probs(rng, 2, 2, 4, 3, scale=4.0)
            got = candidate.diverse_step(scores, logp, 32.0)
            assert_chosen(got, groups_by_hand(scores, logp, 32.0))

    def test_batch(self, candidate, rng):
        """What one sequence of a batch has chosen costs the others nothing."""
        scores, logp = log_probs(rng, 1, 2, 2).expand(3, 2, 2), log_probs(rng, 1, 2, 2, 4).expand(3, 2, 2, 4).clone()
        logp[1] = log_probs(rng, 2, 2, 4)
        got = candidate.diverse_step(scores, logp, 1.25)
        assert_chosen(got, groups_by_hand(scores, logp, 1.25))

    def test_ties(self, candidate, rng):
        """Equally attractive continuations come by parent, and then by token."""
        for _ in range(3):
            scores, logp = eighths(rng, -1, 2, 3, 3), eighths(rng, -1, 2, 3, 3, 12)
            want = groups_by_hand(scores, logp, 0.5)
            assert_equal(candidate.diverse_step(scores, logp, 0.5), (want[0].float(), want[1], want[2]))

    def test_missing_hypotheses(self, candidate, rng):
        """A hypothesis at minus infinity is continued by no group that can do better."""
        for _ in range(2):
            scores, logp = log_probs(rng, 2, 3, 2), log_probs(rng, 2, 3, 2, 5)
            scores[:, :, 1] = -INF
            want = groups_by_hand(scores, logp, 0.75)
            assert_chosen(candidate.diverse_step(scores, logp, 0.75), want)

    def test_refuses(self, candidate, rng):
        """A strength that is negative or NaN is refused."""
        for strength in (-0.5, NAN):
            with raises(ValueError):
                candidate.diverse_step(log_probs(rng, 1, 2, 2), log_probs(rng, 1, 2, 2, 3), strength)


class TestExactSearch:
    def assert_best(self, got: tuple, model, eos: int, max_len: int) -> None:
        """Accept any sequence whose score is the best there is, and equal to the score that came with it."""
        tokens, score = got[0], got[1]
        assert_equal([str(tokens.dtype), tokens.dim()], ["torch.int64", 1])
        prefix, total, vocabulary = [], 0.0, len(model([]))
        for token in tokens.tolist():
            assert not ended(prefix, eos), "there are tokens after the end token"
            assert len(prefix) < max_len, "there are more tokens than allowed"
            assert 0 <= token < vocabulary, "a token is not in the vocabulary"
            total += model(prefix)[token]
            prefix.append(token)
        assert ended(prefix, eos) or len(prefix) == max_len, "the sequence is not complete"
        assert_close(score, sequences(model, eos, max_len)[0][0])
        assert_close(total, sequences(model, eos, max_len)[0][0])

    def test_best_of_all(self, candidate, rng):
        """No sequence has a higher sum of log-probabilities, the end token's included, than the answer."""
        for eos, scale in ((0, 0.5), (3, 1.5), (1, 3.0)):
            table = tree(rng, 1, 4, 4, eos, scale=scale)
            got = exact_on_table(candidate, table, roots(1), 2, eos, 4)
            self.assert_best(got, rows_of(table[0]), eos, 4)

    def test_hidden_treasure(self, candidate, rng):
        """The best sequence is found, each prefix with its own state, even if many beginnings look better."""
        for decoys in (5, 12):
            table = garden_path(rng, 15, 2, decoys)
            got = exact_on_table(candidate, table, roots(1), 0, 2, 3)
            self.assert_best(got, rows_of(table[0]), 2, 3)

    def test_short_and_long(self, candidate, rng):
        """A sequence is over with its end token, even an immediate one, or where it is cut off, and not later."""
        for end in (-0.25, -30.0):
            table = torch.full((1, nodes(3, 5), 3), -1.0, dtype=DOUBLE) - torch.rand(1, generator=rng, dtype=DOUBLE)
            table[..., 1] = -30.0
            table[0, 0, 1] = end
            table = silenced(table, 1)
            got = exact_on_table(candidate, table, roots(1), 0, 1, 5)
            self.assert_best(got, rows_of(table[0]), 1, 5)

    def test_recurrent_model(self, candidate, rng):
        """Each prefix goes on from its own state, from the start token on."""
        for bos in (2, 3):
            weights = [randn(rng, 4, 5), randn(rng, 5, 5), 2 * randn(rng, 5, 4)]
            start = randn(rng, 1, 5)
            got = exact_on_net(candidate, weights, start, bos, 0, 4)
            self.assert_best(got, recurrent_rows(*weights, start[0], bos), 0, 4)

    def test_effort(self, candidate, rng):
        """Prefixes that cannot lead to the best sequence are left alone."""
        for eos in (4, 0):
            table = tree(rng, 1, 5, 6, eos, scale=3.0)
            model = rows_of(table[0])
            tokens, score, rows = exact_on_table(candidate, table, roots(1), 1, eos, 6)
            self.assert_best((tokens, score), model, eos, 6)
            needed, open_ = 0, [(0.0, [])]
            while open_:
                total, prefix = open_.pop()
                needed += 1
                for token, value in enumerate(model(prefix)):
                    if total + value >= score and token != eos and len(prefix) < 5:
                        open_.append((total + value, [*prefix, token]))
            assert rows <= 10 * needed + 50, "the model was asked about far more prefixes than necessary"

    def test_impossible_tokens(self, candidate, rng):
        """Tokens that cannot follow are never part of the answer."""
        for _ in range(2):
            table = log_probs(rng, 1, nodes(4, 4), 4)
            table[torch.rand(table.shape, generator=rng) < 0.5] = -INF
            table[..., 2] = -4.0 - torch.rand(table.shape[:2], generator=rng, dtype=DOUBLE)
            table = silenced(table, 0)
            got = exact_on_table(candidate, table, roots(1), 3, 0, 4)
            self.assert_best(got, rows_of(table[0]), 0, 4)

    def test_one_token(self, candidate, rng):
        """With room for one token the likeliest is the answer, end token or not."""
        for eos in (0, 2):
            table = tree(rng, 1, 5, 1, eos)
            got = exact_on_table(candidate, table, roots(1), 1, eos, 1)
            self.assert_best(got, rows_of(table[0]), eos, 1)

    def test_refuses(self, candidate, rng):
        """No room for any token is refused."""
        for limit in (0, -2):
            with raises(ValueError):
                exact_on_table(candidate, tree(rng, 1, 3, 1, 0), roots(1), 1, 0, limit)
