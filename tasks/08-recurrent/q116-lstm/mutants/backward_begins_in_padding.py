# expect: variable-lengths wrong_value
"""The backward direction turns the whole batch round, so it reads the padding before the text."""


class LSTM(LSTM):
    def _run(self, name, x, state, real):
        if real is None or not name.endswith(REVERSE):
            return super()._run(name, x, state, real)
        output, end = super()._run(name, x, state, None)
        return torch.where(real, output, 0), end
