"""The textbook loop: nothing computed ahead of its step, gates cut out by slices, masks blended in by arithmetic."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def _step(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    size = h.size(-1)
    a = F.linear(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh)
    i = torch.sigmoid(a[..., 0:size])
    f = torch.sigmoid(a[..., size : 2 * size])
    g = torch.tanh(a[..., 2 * size : 3 * size])
    o = torch.sigmoid(a[..., 3 * size : 4 * size])
    new_c = f * c + i * g
    return o * torch.tanh(new_c), new_c, (i, f, g, o)


def _fits(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    if x.dim() != 2 or h.dim() != 2:
        raise ValueError("x and h are matrices")
    (rows, width), size = x.shape, h.shape[1]
    shapes = [(rows, size), (rows, size), (4 * size, width), (4 * size, size), (4 * size,), (4 * size,)]
    for tensor, shape in zip((h, c, weight_ih, weight_hh, bias_ih, bias_hh), shapes, strict=True):
        if tensor.shape != torch.Size(shape):
            raise ValueError(f"expected {shape}, got {tensor.shape}")


def lstm_cell(
    x: Tensor, h: Tensor, c: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor, bias_hh: Tensor
) -> tuple[Tensor, Tensor]:
    _fits(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    new_h, new_c, _ = _step(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    return new_h, new_c


class LSTM(nn.Module):
    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, bidirectional: bool = False) -> None:
        super().__init__()
        if input_size < 1 or hidden_size < 1 or num_layers < 1:
            raise ValueError("sizes must be positive")
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.runs = []
        bound = hidden_size**-0.5
        width = input_size
        for layer in range(num_layers):
            for backward in (False, True) if bidirectional else (False,):
                names = [f"{part}_l{layer}{'_reverse' if backward else ''}" for part in PARTS]
                shapes = [
                    (4 * hidden_size, width),
                    (4 * hidden_size, hidden_size),
                    (4 * hidden_size,),
                    (4 * hidden_size,),
                ]
                for name, shape in zip(names, shapes, strict=True):
                    setattr(self, name, nn.Parameter((torch.rand(shape) * 2 - 1) * bound))
                self.runs.append((layer, backward, names))
            width = hidden_size * (2 if bidirectional else 1)

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        if x.dim() != 3 or x.size(-1) != self.input_size:
            raise ValueError("x does not fit")
        steps, rows, _ = x.shape
        shape = torch.Size([len(self.runs), rows, self.hidden_size])
        if state is not None and (state[0].shape != shape or state[1].shape != shape):
            raise ValueError("state does not fit")
        masks = None
        if lengths is not None:
            if lengths.shape != torch.Size([rows]) or ((lengths > steps) | (lengths < 0)).any():
                raise ValueError("lengths do not fit")
            real = torch.arange(steps).view(-1, 1) < lengths.view(1, -1)
            x = x.masked_fill(~real.unsqueeze(-1), 0)
            masks = real.to(x.dtype).unsqueeze(-1)
        finals_h, finals_c, previous, current = [], [], x, []
        for k, (layer, backward, names) in enumerate(self.runs):
            if k and layer != self.runs[k - 1][0]:
                previous, current = torch.cat(current, -1), []
            weights = [getattr(self, name) for name in names]
            h = x.new_zeros(rows, self.hidden_size) if state is None else state[0][k]
            c = x.new_zeros(rows, self.hidden_size) if state is None else state[1][k]
            outputs = [h] * steps
            for t in range(steps - 1, -1, -1) if backward else range(steps):
                new_h, new_c, _ = _step(previous[t], h, c, *weights)
                if masks is None:
                    h, c = new_h, new_c
                    outputs[t] = h
                else:
                    mask = masks[t]
                    h, c = h + mask * (new_h - h), c + mask * (new_c - c)
                    outputs[t] = mask * h
            current.append(torch.stack(outputs))
            finals_h.append(h)
            finals_c.append(c)
        return torch.cat(current, -1), (torch.stack(finals_h), torch.stack(finals_c))


def set_forget_bias(module: nn.Module, value: float) -> None:
    state = dict(module.named_parameters())
    inner = [name for name in state if name.split(".")[-1].startswith("bias_ih_l")]
    if not inner:
        raise ValueError("nothing to set")
    for name in inner:
        first, second = state[name].detach(), state[name.replace("bias_ih_l", "bias_hh_l")].detach()
        quarter = first.numel() // 4
        first[quarter : 2 * quarter] = value - second[quarter : 2 * quarter]


def latch(size: int) -> dict[str, Tensor]:
    if size < 1:
        raise ValueError("no bits")
    bits, writes = (
        torch.cat(pair, 1)
        for pair in ((torch.eye(size), torch.zeros(size, size)), (torch.zeros(size, size), torch.eye(size)))
    )
    ones = torch.ones(size)
    return {
        "weight_ih_l0": torch.cat([100 * writes, -100 * writes, 5 * bits, 0 * bits]),
        # Each bit also strengthens itself a little when it is kept: the candidate leans to what is there.
        "weight_hh_l0": torch.cat([torch.zeros(2 * size, size), torch.eye(size), torch.zeros(size, size)]),
        "bias_ih_l0": torch.cat([-50 * ones, 50 * ones, 0 * ones, 10 * ones]),
        "bias_hh_l0": torch.zeros(4 * size),
    }


def memory_gradients(
    x: Tensor, h: Tensor, c: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor, bias_hh: Tensor
) -> tuple[Tensor, Tensor]:
    if x.dim() != 3:
        raise ValueError("x must be (T, N, D)")
    weights = (weight_ih, weight_hh, bias_ih, bias_hh)
    _fits(torch.zeros(x.shape[1:], dtype=x.dtype), h, c, *weights)
    tape = []
    for now in x:
        new_h, new_c, gates = _step(now, h, c, *weights)
        tape.append((now, h, c, gates[1]))
        h, c = new_h, new_c
    direct, total = [torch.ones_like(c)], [torch.ones_like(c)]
    into_h, into_c = torch.zeros_like(c), torch.ones_like(c)
    for k, (now, old_h, old_c, forget) in reversed(list(enumerate(tape))):
        with torch.enable_grad():
            leaf_h, leaf_c = old_h.detach().requires_grad_(), old_c.detach().requires_grad_()
            results = _step(now, leaf_h, leaf_c, *weights)[:2]
            into_h, into_c = torch.autograd.grad(results, (leaf_h, leaf_c), (into_h, into_c))
        whole = into_c
        if k:  # the hidden state before this step moves with the cell state before it
            before, h_before, c_before, _ = tape[k - 1]
            output = _step(before, h_before, c_before, *weights)[2][3]
            whole = into_c + into_h * output * (1 - torch.tanh(old_c) ** 2)
        direct.append(direct[-1] * forget)
        total.append(whole)
    return torch.stack(direct[::-1]), torch.stack(total[::-1])


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
    _fits(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    if dh.shape != h.shape or dc.shape != h.shape:
        raise ValueError("dh and dc do not fit")
    _, new_c, (i, f, g, o) = _step(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    squashed = new_c.tanh()
    d_new_c = dc + dh * o - dh * o * squashed.square()
    deltas = (
        d_new_c * g * (i - i * i),
        d_new_c * c * (f - f * f),
        d_new_c * i * (1 + g) * (1 - g),
        dh * squashed * (o - o * o),
    )
    size = h.size(1)
    answer = {"c": d_new_c * f, "x": torch.zeros_like(x), "h": torch.zeros_like(h)}
    for name, value in zip(PARTS, (weight_ih, weight_hh, bias_ih, bias_hh), strict=True):
        answer[name] = torch.zeros_like(value)
    for k, delta in enumerate(deltas):
        rows = slice(k * size, (k + 1) * size)
        answer["x"] += delta @ weight_ih[rows]
        answer["h"] += delta @ weight_hh[rows]
        for n in range(len(x)):
            answer["weight_ih"][rows] += torch.outer(delta[n], x[n])
            answer["weight_hh"][rows] += torch.outer(delta[n], h[n])
            answer["bias_ih"][rows] += delta[n]
            answer["bias_hh"][rows] += delta[n]
    return answer
