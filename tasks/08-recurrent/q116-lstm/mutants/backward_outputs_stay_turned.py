# expect: variable-lengths wrong_value
"""The outputs of the backward direction are left in the order they were computed in."""


class LSTM(LSTM):
    def _run(self, name, x, state, real):
        output, end = super()._run(name, x, state, real)
        return (output.flip(0) if name.endswith(REVERSE) else output), end
