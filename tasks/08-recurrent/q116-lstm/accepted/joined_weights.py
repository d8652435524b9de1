"""One matrix for input and hidden state together, batches that shrink as sequences end, reversal by index."""

import math

import torch
from torch import Tensor, nn


def check(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    if x.ndim != 2 or h.ndim != 2 or c.ndim != 2:
        raise ValueError("dimensions")
    rows, width = x.shape
    size = h.shape[1]
    if h.shape[0] != rows or tuple(c.shape) != (rows, size):
        raise ValueError("states")
    if tuple(weight_ih.shape) != (4 * size, width) or tuple(weight_hh.shape) != (4 * size, size):
        raise ValueError("weights")
    if tuple(bias_ih.shape) != (4 * size,) or tuple(bias_hh.shape) != (4 * size,):
        raise ValueError("biases")


def advance(joined: Tensor, c: Tensor, matrix: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """One step from [x, h] side by side."""
    size = c.shape[-1]
    sums = torch.addmm(bias, joined, matrix)
    squashed = torch.sigmoid(sums)
    c = squashed[:, size : 2 * size] * c + squashed[:, :size] * torch.tanh(sums[:, 2 * size : 3 * size])
    return squashed[:, 3 * size :] * torch.tanh(c), c


def lstm_cell(
    x: Tensor, h: Tensor, c: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor, bias_hh: Tensor
) -> tuple[Tensor, Tensor]:
    check(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    return advance(torch.cat([x, h], 1), c, torch.cat([weight_ih, weight_hh], 1).T, bias_ih + bias_hh)


class LSTM(nn.Module):
    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, bidirectional: bool = False) -> None:
        super().__init__()
        if input_size <= 0 or hidden_size <= 0 or num_layers <= 0:
            raise ValueError("sizes")
        self.sizes = (input_size, hidden_size, num_layers, 2 if bidirectional else 1)
        for layer in range(num_layers):
            width = hidden_size * self.sizes[3] if layer else input_size
            for end in ["", "_reverse"][: self.sizes[3]]:
                name = f"_l{layer}{end}"
                setattr(self, "weight_ih" + name, nn.Parameter(torch.empty(4 * hidden_size, width)))
                setattr(self, "weight_hh" + name, nn.Parameter(torch.empty(4 * hidden_size, hidden_size)))
                setattr(self, "bias_ih" + name, nn.Parameter(torch.empty(4 * hidden_size)))
                setattr(self, "bias_hh" + name, nn.Parameter(torch.empty(4 * hidden_size)))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -1 / math.sqrt(hidden_size), 1 / math.sqrt(hidden_size))

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        width, size, layers, directions = self.sizes
        if x.ndim != 3 or x.shape[2] != width:
            raise ValueError("x")
        steps, rows = x.shape[:2]
        if state is None:
            state = (x.new_zeros(layers * directions, rows, size), x.new_zeros(layers * directions, rows, size))
        if {tuple(part.shape) for part in state} != {(layers * directions, rows, size)}:
            raise ValueError("state")
        if lengths is None:
            lengths = torch.full((rows,), steps)
        if tuple(lengths.shape) != (rows,) or any(not 0 <= n <= steps for n in lengths.tolist()):
            raise ValueError("lengths")
        order = torch.argsort(lengths, descending=True, stable=True)
        back = torch.argsort(order)
        sorted_lengths = lengths[order]
        when = torch.arange(steps)[:, None]
        inside = when < sorted_lengths
        mirrored = torch.where(inside, sorted_lengths - 1 - when, when)
        active = inside.sum(1).tolist()
        layer_input = x[:, order].masked_fill(~inside[..., None], 0.0)
        last_h, last_c = [], []
        for layer in range(layers):
            sides = []
            for direction in range(directions):
                index = layer * directions + direction
                source = self._turned(layer_input, mirrored) if direction else layer_input
                start = state[0][index][order], state[1][index][order]
                side, h, c = self._pass(source, *start, active, f"_l{layer}" + "_reverse" * direction)
                sides.append(self._turned(side, mirrored) if direction else side)
                last_h.append(h[back])
                last_c.append(c[back])
            layer_input = torch.cat(sides, dim=2)
        return layer_input[:, back], (torch.stack(last_h), torch.stack(last_c))

    @staticmethod
    def _turned(x: Tensor, index: Tensor) -> Tensor:
        return x.gather(0, index[..., None].expand(-1, -1, x.shape[2]))

    def _pass(self, x, h, c, active, name):
        matrix = torch.cat([getattr(self, "weight_ih" + name), getattr(self, "weight_hh" + name)], 1).T
        bias = getattr(self, "bias_ih" + name) + getattr(self, "bias_hh" + name)
        rows, size = h.shape
        outputs, done_h, done_c = [], [], []
        for step, count in zip(x, active, strict=True):
            if count < len(h):
                done_h.append(h[count:])
                done_c.append(c[count:])
                h, c = h[:count], c[:count]
            if count:
                h, c = advance(torch.cat([step[:count], h], 1), c, matrix, bias)
            outputs.append(h if count == rows else torch.cat([h, h.new_zeros(rows - count, size)]))
        return torch.stack(outputs), torch.cat([h, *done_h[::-1]]), torch.cat([c, *done_c[::-1]])


def set_forget_bias(module: nn.Module, value: float) -> None:
    found = False
    for part in module.modules():
        for name, parameter in part.named_parameters(recurse=False):
            if name.startswith(("bias_ih_l", "bias_hh_l")):
                found = True
                size = parameter.shape[0] // 4
                parameter.data[size : 2 * size] = value / 2
    if not found:
        raise ValueError("no biases")


def latch(size: int) -> dict[str, Tensor]:
    if size <= 0:
        raise ValueError("size")
    weight_ih = torch.zeros(4 * size, 2 * size)
    bias_hh = torch.zeros(4 * size)
    for k in range(size):
        weight_ih[k, size + k] = 64.0
        bias_hh[k] = -32.0
        weight_ih[size + k, size + k] = -80.0
        bias_hh[size + k] = 48.0
        weight_ih[2 * size + k, k] = 3.0
        bias_hh[3 * size + k] = 5.0
    return {
        "weight_ih_l0": weight_ih,
        "weight_hh_l0": torch.zeros(4 * size, size),
        "bias_ih_l0": torch.zeros(4 * size),
        "bias_hh_l0": bias_hh,
    }


def memory_gradients(
    x: Tensor, h: Tensor, c: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor, bias_hh: Tensor
) -> tuple[Tensor, Tensor]:
    if x.ndim != 3:
        raise ValueError("x")
    check(torch.zeros(x.shape[1:]), h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    size = h.shape[1]
    with torch.enable_grad():
        cells, forgets = [c.detach().clone().requires_grad_()], []
        h = h.detach()
        for step in x.detach():
            sums = torch.cat([step, h], 1) @ torch.cat([weight_ih, weight_hh], 1).T + bias_ih + bias_hh
            i, f, o = (
                torch.sigmoid(sums[:, :size]),
                torch.sigmoid(sums[:, size : 2 * size]),
                torch.sigmoid(sums[:, 3 * size :]),
            )
            forgets.append(f.detach())
            cells.append(f * cells[-1] + i * torch.tanh(sums[:, 2 * size : 3 * size]))
            h = o * torch.tanh(cells[-1])
        total = torch.stack(torch.autograd.grad(cells[-1].sum(), cells)).detach()
    late_first = torch.stack([torch.ones_like(c), *forgets[::-1]]).cumprod(0)
    return late_first.flip(0), total


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
    check(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    if dh.shape != h.shape or dc.shape != h.shape:
        raise ValueError("gradients")
    rows, size = h.shape
    sums = (torch.cat([x, h], 1) @ torch.cat([weight_ih, weight_hh], 1).T + bias_ih + bias_hh).view(rows, 4, size)
    gates = sums.sigmoid()
    gates[:, 2] = sums[:, 2].tanh()
    slopes = gates * (1 - gates)
    slopes[:, 2] = 1 - gates[:, 2] ** 2
    new_c = gates[:, 1] * c + gates[:, 0] * gates[:, 2]
    shown = torch.tanh(new_c)
    into_c = dc + dh * gates[:, 3] * (1 - shown**2)
    into_gates = torch.stack([into_c * gates[:, 2], into_c * c, into_c * gates[:, 0], dh * shown], 1)
    delta = into_gates * slopes
    grads = {"c": into_c * gates[:, 1]}
    grads["x"] = torch.einsum("nks,ksd->nd", delta, weight_ih.reshape(4, size, -1))
    grads["h"] = torch.einsum("nks,ksd->nd", delta, weight_hh.reshape(4, size, -1))
    grads["weight_ih"] = torch.einsum("nks,nd->ksd", delta, x).reshape(4 * size, -1)
    grads["weight_hh"] = torch.einsum("nks,nd->ksd", delta, h).reshape(4 * size, -1)
    grads["bias_ih"] = delta.sum(0).reshape(-1)
    grads["bias_hh"] = grads["bias_ih"].clone()
    return grads
