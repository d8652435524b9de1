# expect: variable-lengths wrong_value
"""Outputs in the padding are zeroed, but the states run on through it."""


class LSTM(LSTM):
    def forward(self, x, state=None, lengths=None):
        self._require(x, state, lengths)
        if lengths is None:
            return super().forward(x, state)
        real = (torch.arange(len(x)).unsqueeze(1) < lengths).unsqueeze(2)
        output, states = super().forward(torch.where(real, x, 0), state)
        return torch.where(real, output, 0), states
