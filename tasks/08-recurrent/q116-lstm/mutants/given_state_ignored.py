# expect: lstm wrong_value, variable-lengths wrong_value
"""Every call starts from zeros, whatever state it is given."""


class LSTM(LSTM):
    def forward(self, x, state=None, lengths=None):
        self._require(x, state, lengths)
        return super().forward(x, None, lengths)
