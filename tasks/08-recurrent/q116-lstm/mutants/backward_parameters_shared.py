# expect: variable-lengths exception
"""Both directions are thought to use the same weights."""


class LSTM(LSTM):
    def __init__(self, input_size, hidden_size, num_layers=1, bidirectional=False):
        super().__init__(input_size, hidden_size, num_layers, bidirectional)
        for name in [name for name, _ in self.named_parameters() if name.endswith(REVERSE)]:
            delattr(self, name)

    def __getattr__(self, name):
        return super().__getattr__(name.removesuffix(REVERSE))
