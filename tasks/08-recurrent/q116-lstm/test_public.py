"""A few friendly checks for your own machine: `python -m pytest test_public.py`. The hidden tests ask for more."""

import pytest
import torch
from solution import LSTM, latch, lstm_cell, lstm_cell_backward, memory_gradients, set_forget_bias
from torch import Tensor, nn

X, H, C = torch.tensor([[1.0]]), torch.tensor([[0.5]]), torch.tensor([[2.0]])
WEIGHT_IH = torch.tensor([[0.0], [1.0], [2.0], [-1.0]])
WEIGHT_HH = torch.tensor([[0.0], [0.0], [-2.0], [2.0]])
PARAMETERS = (WEIGHT_IH, WEIGHT_HH, torch.zeros(4), torch.zeros(4))


def close(got: Tensor, want: list) -> None:
    torch.testing.assert_close(got.detach().flatten(), torch.tensor(want), rtol=1e-4, atol=1e-4)


def small_model() -> LSTM:
    model = LSTM(1, 1)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    model.load_state_dict(dict(zip(names, PARAMETERS, strict=True)))
    return model


class TestLstmCell:
    def test_worked_example(self):
        """The example of the statement."""
        h, c = lstm_cell(X, H, C, *PARAMETERS)
        close(h, [0.4755])
        close(c, [1.8429])


class TestLstm:
    def test_worked_example(self):
        """The example of the statement."""
        output, (h, c) = small_model()(torch.ones(2, 1, 1), (H.unsqueeze(0), C.unsqueeze(0)))
        close(output, [0.4755, 0.4585])
        close(h, [0.4585])
        close(c, [1.7380])

    def test_library(self):
        """Weights go from the library's module into yours, and both compute the same."""
        library, own = nn.LSTM(3, 4, num_layers=2), LSTM(3, 4, num_layers=2)
        own.load_state_dict(library.state_dict())
        x = torch.linspace(-1, 1, 30).view(5, 2, 3)
        torch.testing.assert_close(own(x)[0], library(x)[0], rtol=1e-4, atol=1e-5)


class TestForgetBias:
    def test_worked_example(self):
        """The example of the statement: the forget gates get the value, the others keep theirs."""
        model = LSTM(3, 2)
        for name in ("bias_ih_l0", "bias_hh_l0"):
            nn.init.constant_(getattr(model, name), 0.25)
        set_forget_bias(model, 1.0)
        close(model.bias_ih_l0 + model.bias_hh_l0, [0.5, 0.5, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5])

    def test_nothing_to_set(self):
        """A linear layer has no forget gate."""
        with pytest.raises(ValueError):
            set_forget_bias(nn.Linear(2, 8), 1.0)


class TestLatch:
    def test_worked_example(self):
        """The example of the statement, on the library's module."""
        library = nn.LSTM(2, 1)
        library.load_state_dict(latch(1))
        bits, writes = torch.tensor([1.0, -1.0, -1.0, 1.0, -1.0]), torch.tensor([0.0, 1.0, 0.0, 0.0, 0.0])
        h = library(torch.stack([bits, writes], 1).unsqueeze(1))[0].flatten()
        assert h[0].abs() <= 0.1
        assert (h[1:] <= -0.5).all()


class TestMemoryGradients:
    def test_worked_example(self):
        """The example of the statement."""
        direct, total = memory_gradients(torch.ones(2, 1, 1), H, C, *PARAMETERS)
        close(direct, [0.5344, 0.7311, 1.0])
        close(total, [0.5209, 0.7125, 1.0])


class TestVariableLengths:
    def test_worked_example(self):
        """The example of the statement."""
        state = H.expand(1, 2, 1), C.expand(1, 2, 1)
        output, (h, _) = small_model()(torch.ones(2, 2, 1), state, torch.tensor([2, 1]))
        close(output, [0.4755, 0.4755, 0.4585, 0.0])
        close(h, [0.4585, 0.4755])


class TestLstmCellBackward:
    def test_worked_example(self):
        """The example of the statement."""
        grads = lstm_cell_backward(torch.ones(1, 1), torch.zeros(1, 1), X, H, C, *PARAMETERS)
        close(grads["x"], [-0.1990])
        close(grads["h"], [0.4555])
        close(grads["c"], [0.0349])
        close(grads["weight_ih"], [0.0091, 0.0188, 0.0100, 0.2378])
        close(grads["weight_hh"], [0.0045, 0.0094, 0.0050, 0.1189])
        close(grads["bias_hh"], [0.0091, 0.0188, 0.0100, 0.2378])
