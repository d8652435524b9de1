# expect: variable-lengths wrong_value
"""The parameters of the backward direction come after those of all forward layers."""


class LSTM(LSTM):
    def __init__(self, input_size, hidden_size, num_layers=1, bidirectional=False):
        super().__init__(input_size, hidden_size, num_layers, bidirectional)
        by_name = dict(self.named_parameters())
        for name in sorted(by_name, key=lambda name: name.endswith(REVERSE)):
            delattr(self, name)
            self.register_parameter(name, by_name[name])
