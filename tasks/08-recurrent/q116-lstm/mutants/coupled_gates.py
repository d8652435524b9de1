# expect: lstm-cell wrong_value
"""What is not forgotten is not written either: the input gate is one minus the forget gate."""

checked_cell = lstm_cell


def lstm_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    checked_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    sums = F.linear(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh)
    _, f, g, o = _gates(sums)
    c = f * c + (1 - f) * g
    return o * c.tanh(), c
