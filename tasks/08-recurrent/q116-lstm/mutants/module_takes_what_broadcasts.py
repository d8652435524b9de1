# expect: lstm wrong_value, variable-lengths wrong_value
"""States and inputs that are too narrow are stretched to fit, and lengths out of range cut off."""


class LSTM(LSTM):
    def __init__(self, input_size, hidden_size, num_layers=1, bidirectional=False):
        super().__init__(max(1, input_size), max(1, hidden_size), max(1, num_layers), bidirectional)

    def forward(self, x, state=None, lengths=None):
        if x.dim() == 2:
            x, state = x.unsqueeze(1), tuple(part.unsqueeze(1) for part in state)
        x = x[..., :1].expand(*x.shape[:2], self.input_size) if x.size(2) != self.input_size else x
        shape = self.num_layers * len(self.suffixes), x.size(1), self.hidden_size
        state = (
            None
            if state is None
            else tuple(part[: len(part) if part.shape == shape else 1].expand(shape) for part in state)
        )
        if lengths is not None:
            lengths = lengths.reshape(-1)
            lengths = lengths if lengths.shape == x.shape[1:2] else lengths[:1].expand(x.size(1))
            lengths = lengths.clamp(0, len(x))
        return super().forward(x, state, lengths)
