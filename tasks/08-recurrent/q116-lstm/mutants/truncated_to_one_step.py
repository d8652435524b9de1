# expect: lstm bad_gradient, variable-lengths bad_gradient
"""The states are detached from step to step, so nothing is learned through time."""


class LSTM(LSTM):
    def _run(self, name, x, state, real):
        weight_ih, weight_hh = getattr(self, "weight_ih" + name), getattr(self, "weight_hh" + name)
        inputs = F.linear(x, weight_ih, getattr(self, "bias_ih" + name) + getattr(self, "bias_hh" + name))
        h, c = state
        outputs = [h] * len(x)
        for t in reversed(range(len(x))) if name.endswith(REVERSE) else range(len(x)):
            i, f, g, o = _gates(inputs[t] + h.detach() @ weight_hh.T)
            next_c = f * c.detach() + i * g
            next_h = o * next_c.tanh()
            if real is not None:
                next_h, next_c = torch.where(real[t], next_h, h), torch.where(real[t], next_c, c)
            h, c = next_h, next_c
            outputs[t] = h if real is None else torch.where(real[t], h, 0)
        return torch.stack(outputs), (h, c)
