# expect: variable-lengths wrong_value
"""In the padding the last output is repeated."""


class LSTM(LSTM):
    def _run(self, name, x, state, real):
        output, (h, c) = super()._run(name, x, state, real)
        if real is None or name.endswith(REVERSE):
            return output, (h, c)
        return torch.where(real, output, h), (h, c)
