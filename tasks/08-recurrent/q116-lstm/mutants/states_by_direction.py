# expect: variable-lengths wrong_value
"""States are returned with all forward layers first and all backward layers after them."""


class LSTM(LSTM):
    def forward(self, x, state=None, lengths=None):
        output, states = super().forward(x, state, lengths)
        if len(self.suffixes) == 1:
            return output, states
        return output, tuple(torch.cat([part[::2], part[1::2]]) for part in states)
