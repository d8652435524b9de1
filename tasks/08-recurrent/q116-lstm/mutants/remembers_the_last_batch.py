# expect: lstm wrong_value
"""The states of the last call are kept in the module and taken up by the next one."""


class LSTM(LSTM):
    last = None

    def forward(self, x, state=None, lengths=None):
        if state is None and self.last is not None and self.last[0].size(1) == x.size(1):
            state = self.last
        output, state = super().forward(x, state, lengths)
        self.last = tuple(part.detach() for part in state)
        return output, state
