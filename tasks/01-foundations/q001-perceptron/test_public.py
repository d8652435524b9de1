"""A few friendly checks for your own machine: `python -m pytest test_public.py`. The hidden tests ask for more."""

import math

import pytest
import torch
from solution import (
    logistic_fit,
    mistake_bound,
    perceptron_fit,
    perceptron_output,
    pulls,
    separability,
    xor_multipliers,
)

X = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
Y = torch.tensor([1, -1])


def close(got: torch.Tensor, want: list) -> None:
    torch.testing.assert_close(got.float(), torch.tensor(want), rtol=1e-4, atol=1e-4)


class TestPerceptronOutput:
    def test_worked_example(self):
        """The example of the statement."""
        x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
        got = perceptron_output(x, torch.tensor([2.0, -1.0]), torch.tensor(-1.0))
        assert got.dtype == torch.int64
        assert got.tolist() == [1, -1, 1]


class TestPerceptronFit:
    def test_worked_example(self):
        """The example of the statement."""
        w, b, mistakes = perceptron_fit(X, Y, 20)
        close(w, [2.0, -1.0])
        assert b.item() == 0.0
        assert mistakes == [2, 0]

    def test_logical_and(self):
        """AND can be learned, and takes a few epochs."""
        x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        w, b, mistakes = perceptron_fit(x, torch.tensor([-1, -1, -1, 1]), 20)
        close(w, [3.0, 2.0])
        assert b.item() == -4.0
        assert mistakes == [2, 3, 3, 2, 2, 3, 2, 1, 0]


class TestMistakeBound:
    def test_worked_example(self):
        """The example of the statement, with both of its hyperplanes."""
        assert mistake_bound(X, Y, torch.tensor([2.0, -1.0]), torch.tensor(0.0)) == pytest.approx(25.0)
        assert mistake_bound(X, Y, torch.tensor([1.0, -1.0]), torch.tensor(0.0)) == pytest.approx(10.0)


class TestXor:
    def test_worked_example(self):
        """The two examples of the statement."""
        close(xor_multipliers(torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])), [0.25] * 4)
        close(
            xor_multipliers(torch.tensor([[0.0, 0.0], [4.0, 0.0], [3.0, 3.0], [0.0, 4.0]])), [1 / 6, 0.25, 1 / 3, 0.25]
        )


class TestPulls:
    def test_worked_example(self):
        """The example of the statement."""
        x = torch.tensor([[math.log(3.0)], [0.0], [math.log(3.0)]])
        hard, soft = pulls(x, torch.tensor([1, 1, -1]), torch.tensor([1.0]), torch.tensor(0.0))
        close(hard, [0.0, 1.0, 1.0])
        close(soft, [0.25, 0.5, 0.75])


class TestLogisticFit:
    def test_worked_example(self):
        """The example of the statement."""
        x = torch.tensor([[-2.0], [0.0], [1.0], [3.0]], dtype=torch.float64)
        w, b = logistic_fit(x, torch.tensor([-1, 1, -1, 1]), 0.1)
        close(w, [0.6420])
        close(b, -0.3210)


class TestSeparability:
    x = torch.tensor([[0.0], [2.0], [4.0]], dtype=torch.float64)

    def test_separable(self):
        """The first example of the statement: any hyperplane between 0 and 2 will do."""
        y = torch.tensor([-1, 1, 1])
        verdict, v = separability(self.x, y)
        assert verdict is True
        assert (y * (self.x[:, 0] * v[0] + v[1]) > 0).all()

    def test_inseparable(self):
        """The second example of the statement, which has one proof."""
        verdict, multipliers = separability(self.x, torch.tensor([1, -1, 1]))
        assert verdict is False
        close(multipliers, [0.25, 0.5, 0.25])
