# expect: lstm wrong_value, variable-lengths wrong_value
"""Every layer starts from the state that belongs to the first."""


class LSTM(LSTM):
    def forward(self, x, state=None, lengths=None):
        if state is not None:
            self._require(x, state, lengths)
            state = tuple(part[:1].expand_as(part) for part in state)
        return super().forward(x, state, lengths)
