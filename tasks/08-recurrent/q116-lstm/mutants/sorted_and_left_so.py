# expect: variable-lengths wrong_value
"""The batch is sorted by length, and the states come back in the sorted order."""


class LSTM(LSTM):
    def forward(self, x, state=None, lengths=None):
        output, states = super().forward(x, state, lengths)
        if lengths is not None:
            order = lengths.argsort(descending=True, stable=True)
            states = tuple(part[:, order] for part in states)
        return output, states
