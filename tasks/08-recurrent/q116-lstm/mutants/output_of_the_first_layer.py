# expect: lstm wrong_value, variable-lengths wrong_value
"""The layers above read the same input as the first, so their outputs replace rather than refine."""


class LSTM(LSTM):
    def forward(self, x, state=None, lengths=None):
        output, states = super().forward(x, state, lengths)
        if self.num_layers == 1:
            return output, states
        size = len(self.suffixes)
        start = None if state is None else tuple(part[:size] for part in state)
        layers, self.num_layers = self.num_layers, 1
        output, _ = super().forward(x, start, lengths)
        self.num_layers = layers
        return output, states
