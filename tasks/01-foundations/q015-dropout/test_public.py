"""A few friendly checks for your own machine: `python -m pytest test_public.py`. The hidden tests ask for more."""

import pytest
import torch
from solution import Dropout, choose_rate, dropout, dropout_ridge, mc_dropout, shared_dropout
from torch import nn


class TestDropout:
    def test_zero_or_scaled(self):
        """Every element is dropped or divided by 1 - p."""
        x = torch.tensor([1.0, 2.0, 3.0, 4.0]).repeat(100)
        y = dropout(x, 0.2)
        torch.testing.assert_close(y, torch.where(y == 0, 0.0, x * 1.25))
        assert 10 < int((y == 0).sum()) < 200

    def test_evaluation(self):
        """Nothing happens outside of training."""
        x = torch.randn(5, 7)
        assert torch.equal(dropout(x, 0.9, training=False), x)

    def test_bad_rate(self):
        """A rate above one is refused."""
        with pytest.raises(ValueError):
            dropout(torch.ones(3), 1.5)


class TestDropoutLayer:
    def test_modes(self):
        """The layer drops in training mode and is the identity in evaluation mode."""
        model, x = nn.Sequential(Dropout(0.5)), torch.ones(400)
        assert set(model(x).tolist()) == {0.0, 2.0}
        assert torch.equal(model.eval()(x), x)

    def test_classic(self):
        """The classic layer scales in evaluation mode instead."""
        layer, x = Dropout(0.75, inverted=False), torch.ones(400)
        assert set(layer(x).tolist()) == {0.0, 1.0}
        assert torch.allclose(layer.eval()(x), 0.25 * x)


class TestSharedDropout:
    def test_channels(self):
        """A channel of an image is dropped as a whole."""
        y = shared_dropout(torch.ones(8, 16, 3, 3), 0.5, (2, 3))
        assert set(y.sum((2, 3)).flatten().tolist()) == {0.0, 18.0}

    def test_dimension_named_twice(self):
        """One dimension must not be named from both ends."""
        with pytest.raises(ValueError):
            shared_dropout(torch.ones(2, 3), 0.5, (1, -1))


class TestRateChoice:
    def test_worked_example(self):
        """The example of the statement."""
        losses = torch.tensor([[1.00, 2.00, 3.00], [1.10, 2.05, 3.15], [1.20, 1.90, 3.05]])
        assert choose_rate(losses, [0.1, 0.5, 0.3]) == 0.3


class Answers(nn.Module):
    """Gives one answer after another while it is training."""

    def __init__(self, answers):
        super().__init__()
        self.answers = list(answers)

    def forward(self, x):
        return x * 0 + (self.answers.pop(0) if self.training else 0.0)


class TestMcDropout:
    def test_worked_example(self):
        """The example of the statement; afterwards the model is in the mode it was in."""
        model = nn.Sequential(Answers([2.0, 4.0, 9.0])).eval()
        mean, variance = mc_dropout(model, torch.zeros(2), (Answers,), 3)
        torch.testing.assert_close(mean, torch.tensor([5.0, 5.0]))
        torch.testing.assert_close(variance, torch.tensor([13.0, 13.0]))
        assert not any(module.training for module in model.modules())


class TestDropoutRidge:
    def test_worked_example(self):
        """Two copies of one input share the work."""
        w = dropout_ridge(torch.tensor([[1.0, 1.0], [2.0, 2.0]]), torch.tensor([1.0, 2.0]), 0.5)
        torch.testing.assert_close(w, torch.tensor([1 / 3, 1 / 3]))
