"""A few friendly checks for your own machine: `python -m pytest test_public.py`. The hidden tests ask for more."""

import math

import pytest
import torch
from solution import (
    bce_with_logits,
    cross_entropy,
    information,
    linear_cross_entropy,
    log_likelihood,
    loss_gradients,
    soft_cross_entropy,
)

LOGITS = torch.tensor([[2.0, 0.0, 1.0], [0.0, 0.0, 0.0]])


def close(got: torch.Tensor, want: object) -> None:
    torch.testing.assert_close(got, torch.tensor(want), rtol=1e-4, atol=1e-4)


class TestCrossEntropy:
    def test_worked_example(self):
        """The example of the statement."""
        close(cross_entropy(LOGITS, torch.tensor([0, 2]), reduction="none"), [0.4076, 1.0986])
        close(cross_entropy(LOGITS, torch.tensor([0, 2])), 0.7531)
        close(cross_entropy(LOGITS, torch.tensor([0, 2]), torch.tensor([1.0, 1.0, 3.0])), 0.9259)
        close(cross_entropy(LOGITS, torch.tensor([0, -100])), 0.4076)

    def test_large_logits(self):
        """Only differences between logits matter."""
        close(cross_entropy(LOGITS + 65536, torch.tensor([0, 2])), 0.7531)

    def test_unknown_class(self):
        """Class 3 of three classes does not exist."""
        with pytest.raises(ValueError):
            cross_entropy(LOGITS, torch.tensor([0, 3]))


class TestBinaryLoss:
    def test_worked_example(self):
        """The example of the statement."""
        got = bce_with_logits(torch.tensor([0.0, 2.0]), torch.tensor([1.0, 0.25]), torch.tensor(3.0), "none")
        close(got, [2.0794, 1.6904])


class TestInformation:
    def test_worked_example(self):
        """The example of the statement."""
        answer = information(torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.25, 0.5, 0.25]), base=2.0)
        for got, want in zip(answer, (1.0, 1.5, 0.5), strict=True):
            close(got, want)


class TestLossGradients:
    def test_worked_example(self):
        """The example of the statement."""
        cross, squared = loss_gradients(torch.tensor([[math.log(3.0), 0.0], [10.0, 0.0]]), torch.tensor([0, 1]))
        close(cross, [[-0.25, 0.25], [0.99995, -0.99995]])
        close(squared, [[-0.1875, 0.1875], [0.00018, -0.00018]])


class TestLogLikelihood:
    def test_worked_example(self):
        """The example of the statement."""
        three = math.log(3.0)
        logits = torch.tensor([[[three, 0.0], [0.0, three], [0.0, 0.0]], [[0.0, 0.0]] * 3])
        tokens = torch.tensor([[1, 0, 1], [0, 1, -1]])
        scores, perplexity = log_likelihood(logits, tokens, torch.tensor([3, 2]))
        close(scores, [-0.5754, -0.6931])
        close(perplexity, 1.5263)


class TestSoftTargets:
    weight = torch.tensor([1.0, 1.0, 3.0])

    def test_class_numbers(self):
        """The first example of the statement."""
        target = torch.tensor([0, 2])
        close(soft_cross_entropy(LOGITS, target, self.weight, -100, 0.3, "none"), [0.9891, 2.8564])
        close(soft_cross_entropy(LOGITS, target, self.weight, label_smoothing=0.3), 0.9614)

    def test_masses(self):
        """The second example of the statement."""
        close(soft_cross_entropy(LOGITS, torch.tensor([[0.75, 0.25, 0.0], [0.0, 0.0, 1.0]]), self.weight), 2.1017)


class TestLinearCrossEntropy:
    def test_worked_example(self):
        """The example of the statement, in chunks of every size."""
        hidden = torch.tensor([[1.0, 0.0], [0.0, 2.0], [5.0, 5.0]])
        weight = torch.tensor([[math.log(3.0), 0.0], [0.0, 0.0]])
        for chunk in (1, 2, 3, 7):
            loss, grad_hidden, grad_weight = linear_cross_entropy(hidden, weight, torch.tensor([0, 1, -100]), chunk)
            close(loss, 0.4904)
            close(grad_hidden, [[-0.1373, 0.0], [0.2747, 0.0], [0.0, 0.0]])
            close(grad_weight, [[-0.125, 0.5], [0.125, -0.5]])
