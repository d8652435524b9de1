# expect: lstm exception, variable-lengths exception
"""Only the states of the last layer are returned."""


class LSTM(LSTM):
    def forward(self, x, state=None, lengths=None):
        output, (h, c) = super().forward(x, state, lengths)
        return output, (h[-1:], c[-1:])
