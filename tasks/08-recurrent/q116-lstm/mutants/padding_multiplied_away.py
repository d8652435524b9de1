# expect: variable-lengths not_finite
"""States are blended by a mask of numbers, and zero times a NaN is a NaN."""


def _without_padding(x, lengths):
    if lengths is None:
        return x, None
    return x, (torch.arange(len(x)).unsqueeze(1) < lengths).unsqueeze(2)


class LSTM(LSTM):
    def _run(self, name, x, state, real):
        if real is None:
            return super()._run(name, x, state, real)
        weight_ih, weight_hh = getattr(self, "weight_ih" + name), getattr(self, "weight_hh" + name)
        inputs = F.linear(x, weight_ih, getattr(self, "bias_ih" + name) + getattr(self, "bias_hh" + name))
        h, c = state
        outputs = [h] * len(x)
        for t in reversed(range(len(x))) if name.endswith(REVERSE) else range(len(x)):
            i, f, g, o = _gates(inputs[t] + h @ weight_hh.T)
            next_c = f * c + i * g
            mask = real[t].to(x.dtype)
            h, c = mask * o * next_c.tanh() + (1 - mask) * h, mask * next_c + (1 - mask) * c
            outputs[t] = mask * h
        return torch.stack(outputs), (h, c)
