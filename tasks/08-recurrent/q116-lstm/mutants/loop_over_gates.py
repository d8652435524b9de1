# expect: lstm too_slow
"""Each gate has its own two products at every step."""


class LSTM(LSTM):
    def _run(self, name, x, state, real):
        if real is not None or len(self.suffixes) == 2:
            return super()._run(name, x, state, real)
        h, c = state
        outputs = []
        for step in x:
            sums = []
            for k in range(4):
                rows = slice(k * self.hidden_size, (k + 1) * self.hidden_size)
                inner = F.linear(step, getattr(self, f"weight_ih{name}")[rows], getattr(self, f"bias_ih{name}")[rows])
                outer = F.linear(h, getattr(self, f"weight_hh{name}")[rows], getattr(self, f"bias_hh{name}")[rows])
                sums.append(inner + outer)
            i, f, g, o = sums
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            outputs.append(h)
        return torch.stack(outputs), (h, c)
