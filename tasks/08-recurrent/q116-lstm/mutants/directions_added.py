# expect: variable-lengths exception
"""The outputs of both directions are added instead of put side by side."""


class LSTM(LSTM):
    def forward(self, x, state=None, lengths=None):
        output, states = super().forward(x, state, lengths)
        if len(self.suffixes) == 2:
            output = sum(output.chunk(2, -1))
        return output, states
