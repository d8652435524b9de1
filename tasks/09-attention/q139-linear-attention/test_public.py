"""A few friendly checks for your own machine: `python -m pytest test_public.py`. The hidden tests ask for more."""

import pytest
import torch
from solution import (
    approximation_error,
    causal_attention,
    chunked_attention,
    kernel_features,
    linear_attention,
    recall_curve,
    recurrent_step,
)

Q = torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
K = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
V = torch.tensor([[2.0, 0.0], [4.0, 8.0], [0.0, 4.0]])
CAUSAL = [[2.0, 0.0], [3.3333, 5.3333], [2.25, 5.5]]


def close(got: torch.Tensor, want: list | float) -> None:
    torch.testing.assert_close(got, torch.tensor(want), rtol=1e-4, atol=1e-4)


class TestLinearAttention:
    def test_worked_example(self):
        """The example of the statement."""
        close(linear_attention(Q[:2], K, V), [[1.0, 2.0], [2.0, 4.8]])

    def test_hidden_key(self):
        """A hidden key does not count, whatever stands in its place."""
        k = K.clone()
        k[1] = float("nan")
        close(linear_attention(Q[:2], k, V, torch.tensor([True, False, True])), [[1.0, 2.0], [0.6667, 2.6667]])

    def test_no_mass(self):
        """A query of zeros gets zeros."""
        close(linear_attention(torch.zeros(1, 2), K, V), [[0.0, 0.0]])


class TestKernelFeatures:
    def test_elu(self):
        """The example of the statement."""
        close(kernel_features(torch.tensor([-1.0, 0.0, 2.0]), "elu+1"), [0.3679, 1.0, 3.0])

    def test_favor(self):
        """The example of the statement."""
        w = torch.tensor([[1.0, 0.0], [1.0, 1.0], [-1.0, 0.0], [0.0, 2.0]])
        close(kernel_features(torch.ones(2), "favor+", w), [0.5, 1.3591, 0.0677, 1.3591])

    def test_unknown_kind(self):
        """Kinds that do not exist are refused."""
        with pytest.raises(ValueError):
            kernel_features(torch.ones(2), "cosine")


class TestRecurrentStep:
    def test_worked_example(self):
        """Three steps give the outputs and the state of the statement."""
        state = None
        for t in range(3):
            out, state = recurrent_step(Q[t], K[t], V[t], state)
            close(out, CAUSAL[t])
        close(state[0], [[2.0, 4.0], [8.0, 20.0]])
        close(state[1], [2.0, 3.0])


class TestCausalAttention:
    def test_worked_example(self):
        """The example of the statement."""
        close(causal_attention(Q, K, V), CAUSAL)

    def test_last_position_sees_all(self):
        """The last position gets what it gets without a mask."""
        q, k, v = torch.rand(9, 4), torch.rand(9, 4), torch.randn(9, 3)
        close(causal_attention(q, k, v)[-1:], ((q @ k.T)[-1:] @ v / (q @ k.T)[-1:].sum()).tolist())


class TestApproximationError:
    def test_worked_example(self):
        """The example of the statement."""
        one = torch.eye(2)
        close(approximation_error(one[:1], one, torch.tensor([[1.0], [2.0]]), one), 0.0683)


class TestRecallCurve:
    def test_worked_example(self):
        """The example of the statement, under both rules."""
        keys = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]])
        values = torch.tensor([[2.0, 0.0], [0.0, 1.0], [-2.0, 1.0]])
        close(recall_curve(keys, values), [1.0, 1.0, 0.3333])
        close(recall_curve(keys, values, "delta"), [1.0, 1.0, 0.6667])


class TestChunkedAttention:
    @pytest.mark.parametrize("chunk", [1, 2, 3, 7])
    def test_any_chunk(self, chunk):
        """The size of a chunk does not change the answer."""
        close(chunked_attention(Q, K, V, chunk)[0], CAUSAL)

    def test_two_stretches(self):
        """The second stretch goes on where the first one ended."""
        first, state = chunked_attention(Q[:2], K[:2], V[:2], 2)
        second, _ = chunked_attention(Q[2:], K[2:], V[2:], 2, state)
        close(torch.cat([first, second]), CAUSAL)
