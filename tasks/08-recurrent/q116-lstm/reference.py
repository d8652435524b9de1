"""LSTM by hand: the cell and its derivative, the layer, and what lets its memory last."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

#: A parameter's name ends in the number of its layer, and in this for the direction from the end to the start.
REVERSE = "_reverse"


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
    _require_step(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    i, f, g, o = _gates(F.linear(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh))
    c = f * c + i * g
    return o * c.tanh(), c


class LSTM(nn.Module):
    """Layers of LSTM over whole sequences, with the parameters of the library's module."""

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, bidirectional: bool = False) -> None:
        """Draw all parameters evenly from between -1/√hidden_size and 1/√hidden_size.

        Raises:
            ValueError: a size or the number of layers is below 1.
        """
        super().__init__()
        if min(input_size, hidden_size, num_layers) < 1:
            raise ValueError("sizes and the number of layers must be at least 1")
        self.input_size, self.hidden_size = input_size, hidden_size
        self.suffixes = ["", REVERSE] if bidirectional else [""]
        self.num_layers = num_layers
        bound = 1 / math.sqrt(hidden_size)
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * len(self.suffixes)
            for suffix in self.suffixes:
                for name, *columns in (("weight_ih", width), ("weight_hh", hidden_size), ("bias_ih",), ("bias_hh",)):
                    values = torch.empty(4 * hidden_size, *columns).uniform_(-bound, bound)
                    self.register_parameter(f"{name}_l{layer}{suffix}", nn.Parameter(values))

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
        self._require(x, state, lengths)
        if state is None:
            zeros = x.new_zeros(self.num_layers * len(self.suffixes), x.size(1), self.hidden_size)
            state = zeros, zeros
        x, real = _without_padding(x, lengths)
        ends = []
        for layer in range(self.num_layers):
            outputs = []
            for suffix in self.suffixes:
                start = state[0][len(ends)], state[1][len(ends)]
                output, end = self._run(f"_l{layer}{suffix}", x, start, real)
                outputs.append(output)
                ends.append(end)
            x = torch.cat(outputs, -1)
        return x, (torch.stack([h for h, _ in ends]), torch.stack([c for _, c in ends]))

    def _run(
        self, name: str, x: Tensor, state: tuple[Tensor, Tensor], real: Tensor | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """One layer in one direction; a sequence rests in its state where it has no real step."""
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weight_ih, weight_hh, bias_ih, bias_hh = (getattr(self, kind + name) for kind in kinds)
        inputs = F.linear(x, weight_ih, bias_ih + bias_hh)
        h, c = state
        outputs = []
        steps = range(len(x))
        for t in reversed(steps) if name.endswith(REVERSE) else steps:
            i, f, g, o = _gates(inputs[t] + h @ weight_hh.T)
            next_c = f * c + i * g
            next_h = o * next_c.tanh()
            if real is not None:
                next_h, next_c = torch.where(real[t], next_h, h), torch.where(real[t], next_c, c)
            h, c = next_h, next_c
            outputs.append(h)
        if name.endswith(REVERSE):
            outputs.reverse()
        output = torch.stack(outputs)
        return output if real is None else torch.where(real, output, 0), (h, c)

    def _require(self, x: Tensor, state: tuple[Tensor, Tensor] | None, lengths: Tensor | None) -> None:
        if x.dim() != 3 or x.size(2) != self.input_size:
            raise ValueError(f"x must be (T, N, {self.input_size}), got {tuple(x.shape)}")
        shape = self.num_layers * len(self.suffixes), x.size(1), self.hidden_size
        if state is not None and any(part.shape != shape for part in state):
            raise ValueError(f"both states must be {shape}")
        if lengths is not None:
            if lengths.shape != x.shape[1:2]:
                raise ValueError(f"lengths must be ({x.size(1)},), got {tuple(lengths.shape)}")
            if ((lengths < 0) | (lengths > len(x))).any():
                raise ValueError(f"lengths must lie in 0..{len(x)}")


def set_forget_bias(module: nn.Module, value: float) -> None:
    """Make `value` the whole bias of every forget gate in `module`, in place.

    Args:
        module: holds the biases of one or more LSTMs, named bias_ih_l… and bias_hh_l….
        value: what the two biases of a forget gate come to together.

    Raises:
        ValueError: there are no such biases.
    """
    biases = [(name.rpartition(".")[2], bias) for name, bias in module.named_parameters()]
    biases = [(name, bias) for name, bias in biases if name.startswith(("bias_ih_l", "bias_hh_l"))]
    if not biases:
        raise ValueError("the module has no LSTM with biases")
    with torch.no_grad():
        for name, bias in biases:
            _, forget, _, _ = bias.chunk(4)
            forget.fill_(value if name.startswith("bias_ih") else 0.0)


def latch(size: int) -> dict[str, Tensor]:
    """Choose the weights of an LSTM that keeps bits.

    Args:
        size: how many bits.

    Returns:
        The parameters of a layer with 2 * size inputs and size hidden units, float32, by the library's names.

    Raises:
        ValueError: `size` is below 1.
    """
    if size < 1:
        raise ValueError(f"size must be at least 1, got {size}")
    unit, none = torch.eye(size), torch.zeros(size, size)
    wide = 40.0  # a gate that is half of this from the middle is as good as shut
    bits_and_writes = [(none, wide * unit), (none, -wide * unit), (wide * unit, none), (none, none)]
    bias = torch.tensor([-wide / 2, wide / 2, 0.0, wide / 2]).repeat_interleave(size)
    return {
        "weight_ih_l0": torch.cat([torch.cat(columns, 1) for columns in bits_and_writes]),
        "weight_hh_l0": torch.zeros(4 * size, size),
        "bias_ih_l0": bias,
        "bias_hh_l0": torch.zeros(4 * size),
    }


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
    if x.dim() != 3:
        raise ValueError(f"x must be (T, N, D), got {tuple(x.shape)}")
    _require_step(x.new_empty(x.shape[1:]), h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    cells, steps = [c], []
    for inputs in F.linear(x, weight_ih, bias_ih + bias_hh):
        gates = _gates(inputs + h @ weight_hh.T)
        i, f, g, o = gates
        cells.append(f * cells[-1] + i * g)
        h = o * cells[-1].tanh()
        steps.append(gates)
    carried, whole = [torch.ones_like(c)], []
    slope, from_hidden = torch.ones_like(c), torch.zeros_like(c)
    for t in reversed(range(len(x))):
        slope = slope + from_hidden * steps[t][3] * (1 - cells[t + 1].tanh() ** 2)
        whole.append(slope)
        shifts = _pulled_back(from_hidden, slope, steps[t], cells[t], cells[t + 1])
        from_hidden = shifts @ weight_hh
        forget = steps[t][1]
        slope = slope * forget
        carried.append(carried[-1] * forget)
    whole.append(slope)
    return torch.stack(carried[::-1]), torch.stack(whole[::-1])


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
    _require_step(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    if dh.shape != h.shape or dc.shape != c.shape:
        raise ValueError("dh and dc must have the shape of the states")
    gates = _gates(F.linear(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh))
    i, f, g, o = gates
    after = f * c + i * g
    slope = dc + dh * o * (1 - after.tanh() ** 2)
    shifts = _pulled_back(dh, slope, gates, c, after)
    return {
        "x": shifts @ weight_ih,
        "h": shifts @ weight_hh,
        "c": slope * f,
        "weight_ih": shifts.T @ x,
        "weight_hh": shifts.T @ h,
        "bias_ih": shifts.sum(0),
        "bias_hh": shifts.sum(0),
    }


def _without_padding(x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """The inputs with zeros for padding, and which steps are real, shape (T, N, 1); None for all."""
    if lengths is None:
        return x, None
    real = (torch.arange(len(x)).unsqueeze(1) < lengths).unsqueeze(2)
    return torch.where(real, x, 0), real


def _gates(sums: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The gates i, f, g, o from what their rows of the weights sum to, shape (N, 4H)."""
    i, f, g, o = sums.chunk(4, -1)
    return i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()


def _pulled_back(
    dh: Tensor, slope: Tensor, gates: tuple[Tensor, Tensor, Tensor, Tensor], before: Tensor, after: Tensor
) -> Tensor:
    """The gradient of the sums, shape (N, 4H), from those of the hidden state and, by every path, of the cell state."""
    i, f, g, o = gates
    by_gate = (
        slope * g * i * (1 - i),
        slope * before * f * (1 - f),
        slope * i * (1 - g * g),
        dh * after.tanh() * o * (1 - o),
    )
    return torch.cat(by_gate, -1)


def _require_step(
    x: Tensor, h: Tensor, c: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor, bias_hh: Tensor
) -> None:
    if x.dim() != 2 or h.dim() != 2:
        raise ValueError("inputs and states must have two dimensions")
    rows, size = 4 * h.size(1), h.size(1)
    wanted = (h.shape, (len(x), size), (rows, x.size(1)), (rows, size), (rows,), (rows,))
    given = (c, h, weight_ih, weight_hh, bias_ih, bias_hh)
    if any(tensor.shape != shape for tensor, shape in zip(given, wanted, strict=True)):
        raise ValueError("states and parameters do not fit the input")
