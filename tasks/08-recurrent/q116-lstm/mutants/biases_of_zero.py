# expect: lstm wrong_value, variable-lengths wrong_value
"""Biases start at zero, as in many other layers."""


class LSTM(LSTM):
    def __init__(self, input_size, hidden_size, num_layers=1, bidirectional=False):
        super().__init__(input_size, hidden_size, num_layers, bidirectional)
        for name, parameter in self.named_parameters():
            if name.startswith("bias"):
                nn.init.zeros_(parameter)
