# expect: lstm wrong_value
"""Parameters are drawn from a standard normal distribution."""


class LSTM(LSTM):
    def __init__(self, input_size, hidden_size, num_layers=1, bidirectional=False):
        super().__init__(input_size, hidden_size, num_layers, bidirectional)
        for parameter in self.parameters():
            nn.init.normal_(parameter)
