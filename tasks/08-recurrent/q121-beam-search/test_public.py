"""A few friendly checks for your own machine: `python -m pytest test_public.py`. The hidden tests ask for more."""

import pytest
import torch
from solution import (
    beam_search,
    beam_step,
    diverse_step,
    exact_search,
    filter_probs,
    greedy_search,
    rank_hypotheses,
)

#: Next-token probabilities of a model that looks at the last token only; token 0 ends, token 3 starts.
MODEL = torch.tensor([[1.0, 0.0, 0.0], [0.4, 0.3, 0.3], [0.9, 0.05, 0.05], [0.1, 0.5, 0.4]])
EOS, BOS = 0, 3


def step(tokens: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The model as a step; its state counts the tokens read."""
    return MODEL[tokens].log(), state + 1


def close(got: torch.Tensor, want: list) -> None:
    torch.testing.assert_close(got, torch.tensor(want), rtol=1e-4, atol=1e-4)


class TestBeamStep:
    scores = torch.tensor([[0.0, -1.0]])
    logp = torch.tensor([[[-3.0, -0.5, -2.0], [-0.25, -4.0, -9.0]]])

    def test_worked_example(self):
        """The example of the statement."""
        scores, parents, tokens = beam_step(self.scores, self.logp, torch.tensor([[False, False]]), 2)
        close(scores, [[-0.5, -1.25]])
        assert (parents.tolist(), tokens.tolist()) == ([[0, 1]], [[1, 0]])

    def test_finished(self):
        """The second example: the first hypothesis has ended."""
        scores, parents, tokens = beam_step(self.scores, self.logp, torch.tensor([[True, False]]), 2)
        close(scores, [[0.0, -1.25]])
        assert (parents.tolist(), tokens.tolist()) == ([[0, 1]], [[2, 0]])


class TestGreedySearch:
    def test_worked_example(self):
        """The example of the statement."""
        tokens, scores = greedy_search(step, torch.zeros(1, 1), BOS, EOS, 3)
        assert tokens.tolist() == [[1, 0, 0]]
        close(scores, [-1.6094])


class TestLengthPenalty:
    def test_worked_example(self):
        """The example of the statement."""
        tokens = torch.tensor([[[5, 0, 0, 0], [5, 7, 6, 0]]])
        scores, order = rank_hypotheses(tokens, torch.tensor([[-2.0, -2.4]]), 0, 1.0)
        close(scores, [[-1.6, -1.7143]])
        assert order.tolist() == [[1, 0]]


class TestBeamSearch:
    def test_worked_example(self):
        """The example of the statement: a beam of two finds what greedy search misses."""
        tokens, scores = beam_search(step, torch.zeros(1, 1), BOS, EOS, 2, 3)
        assert tokens.tolist() == [[[2, 0, 0], [1, 0, 0]]]
        close(scores, [[-1.0217, -1.6094]])

    def test_batch(self):
        """Two sequences at once give twice the same."""
        tokens, scores = beam_search(step, torch.zeros(2, 1), BOS, EOS, 2, 3)
        assert tokens.shape == (2, 2, 3)
        assert scores[0].tolist() == scores[1].tolist()


class TestSamplingFilter:
    @pytest.mark.parametrize(
        ("settings", "want"),
        [
            ({"top_k": 3}, [0.4444, 0.3333, 0.2222, 0.0]),
            ({"top_p": 0.6}, [0.5714, 0.4286, 0.0, 0.0]),
            ({"min_p": 0.5}, [0.4444, 0.3333, 0.2222, 0.0]),
            ({"top_k": 3, "top_p": 0.7}, [0.5714, 0.4286, 0.0, 0.0]),
        ],
    )
    def test_worked_example(self, settings, want):
        """The examples of the statement."""
        close(filter_probs(torch.tensor([0.4, 0.3, 0.2, 0.1]), **settings), want)


class TestDiverseStep:
    def test_worked_example(self):
        """The example of the statement."""
        logp = torch.tensor([[-1.0, -1.5, -3.0], [-1.25, -1.75, -3.25]]).expand(1, 2, 2, 3)
        scores, parents, tokens = diverse_step(torch.zeros(1, 2, 2), logp, 1.0)
        close(scores, [[[-1.0, -1.25], [-1.5, -1.75]]])
        assert parents.tolist() == [[[0, 1], [0, 1]]]
        assert tokens.tolist() == [[[0, 0], [1, 1]]]


class TestExactSearch:
    def test_worked_example(self):
        """The example of the statement."""
        tokens, score = exact_search(step, torch.zeros(1, 1), BOS, EOS, 3)
        assert tokens.tolist() == [2, 0]
        assert score == pytest.approx(-1.0217, abs=1e-4)
