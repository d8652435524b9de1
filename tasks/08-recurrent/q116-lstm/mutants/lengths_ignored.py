# expect: variable-lengths wrong_value
"""Padding is read like everything else."""


class LSTM(LSTM):
    def forward(self, x, state=None, lengths=None):
        self._require(x, state, lengths)
        return super().forward(x, state)
