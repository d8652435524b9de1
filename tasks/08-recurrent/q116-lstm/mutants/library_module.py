# expect: lstm forbidden, variable-lengths forbidden
"""The parameters are one's own, and the library's module does the work with them."""


class LSTM(LSTM):
    def forward(self, x, state=None, lengths=None):
        inner = nn.LSTM(self.input_size, self.hidden_size, self.num_layers, bidirectional=len(self.suffixes) == 2)
        inner = inner.to(x.dtype)
        inner.load_state_dict(self.state_dict())
        return inner(x, state)
