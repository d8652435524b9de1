# expect: lstm exception, variable-lengths exception
"""Layers are modules of their own in a list, which gives their parameters other names."""


class LSTM(LSTM):
    def __init__(self, input_size, hidden_size, num_layers=1, bidirectional=False):
        super().__init__(input_size, hidden_size, num_layers, bidirectional)
        self.cells = nn.ModuleList([nn.Module()])
        for name, parameter in list(self.named_parameters()):
            delattr(self, name)
            self.cells[0].register_parameter(name, parameter)

    def forward(self, x, state=None, lengths=None):
        for name, parameter in self.cells[0].named_parameters():
            object.__setattr__(self, name, parameter)
        return super().forward(x, state, lengths)
