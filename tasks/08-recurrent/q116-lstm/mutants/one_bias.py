# expect: lstm-cell wrong_value
"""One bias is thought to be enough, and the recurrent one is left out."""

checked_cell = lstm_cell


def lstm_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    checked_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    i, f, g, o = _gates(F.linear(x, weight_ih, bias_ih) + h @ weight_hh.T)
    c = f * c + i * g
    return o * c.tanh(), c
