"""LSTM: fill in each function and the class; helpers of your own are welcome."""

import torch
from torch import Tensor, nn


def lstm_cell(
    x: Tensor, h: Tensor, c: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor, bias_hh: Tensor
) -> tuple[Tensor, Tensor]:
    """Take one step.

    Args:
        x: the input, shape (N, D).
        h: the hidden state before the step, shape (N, H).
        c: the cell state before the step, shape (N, H).
        weight_ih: shape (4H, D), the rows of the gates i, f, g, o in this order.
        weight_hh: shape (4H, H), in the same order.
        bias_ih: shape (4H,), in the same order.
        bias_hh: shape (4H,), in the same order.

    Returns:
        The hidden state and the cell state after the step.

    Raises:
        ValueError: the shapes do not fit.
    """
    raise NotImplementedError


class LSTM(nn.Module):
    """Layers of LSTM over whole sequences, with the parameters of the library's module."""

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, bidirectional: bool = False) -> None:
        """Draw all parameters evenly from between -1/√hidden_size and 1/√hidden_size.

        Raises:
            ValueError: a size or the number of layers is below 1.
        """
        raise NotImplementedError

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Run over a batch of sequences.

        Args:
            x: the inputs, shape (T, N, input_size).
            state: hidden and cell states to start from, both (num_layers * directions, N, hidden_size); None for zeros.
            lengths: how many steps of each sequence are real, int64, shape (N,); None for all.

        Returns:
            The hidden states of the last layer at every step, shape (T, N, directions * hidden_size), and the hidden
            and cell states of every layer and direction after its last step.

        Raises:
            ValueError: the shapes do not fit, or a length lies outside 0..T.
        """
        raise NotImplementedError


def set_forget_bias(module: nn.Module, value: float) -> None:
    """Make `value` the whole bias of every forget gate in `module`, in place.

    Args:
        module: holds the biases of one or more LSTMs, named bias_ih_l… and bias_hh_l….
        value: what the two biases of a forget gate come to together.

    Raises:
        ValueError: there are no such biases.
    """
    raise NotImplementedError


def latch(size: int) -> dict[str, Tensor]:
    """Choose the weights of an LSTM that keeps bits.

    Args:
        size: how many bits.

    Returns:
        The parameters of a layer with 2 * size inputs and size hidden units, float32, by the library's names.

    Raises:
        ValueError: `size` is below 1.
    """
    raise NotImplementedError


def memory_gradients(
    x: Tensor, h: Tensor, c: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor, bias_hh: Tensor
) -> tuple[Tensor, Tensor]:
    """Differentiate the sum of the last cell state with respect to all cell states.

    Args:
        x: the inputs, shape (T, N, D).
        h: the hidden state before the first step, shape (N, H).
        c: the cell state before the first step, shape (N, H).
        weight_ih: the parameters are those of `lstm_cell`.
        weight_hh: shape (4H, H).
        bias_ih: shape (4H,).
        bias_hh: shape (4H,).

    Returns:
        The part that comes along the cell alone, and the whole gradient, both of shape (T + 1, N, H).

    Raises:
        ValueError: the shapes do not fit.
    """
    raise NotImplementedError


def lstm_cell_backward(
    dh: Tensor,
    dc: Tensor,
    x: Tensor,
    h: Tensor,
    c: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor,
    bias_hh: Tensor,
) -> dict[str, Tensor]:
    """Pull gradients back through one step.

    Args:
        dh: the gradient of a loss with respect to the hidden state after the step, shape (N, H).
        dc: the gradient with respect to the cell state after the step, but for what comes by way of `dh`, shape (N, H).
        x: the arguments of `lstm_cell`.
        h: shape (N, H).
        c: shape (N, H).
        weight_ih: shape (4H, D).
        weight_hh: shape (4H, H).
        bias_ih: shape (4H,).
        bias_hh: shape (4H,).

    Returns:
        The gradient with respect to each argument of `lstm_cell`, by its name.

    Raises:
        ValueError: the shapes do not fit.
    """
    raise NotImplementedError
