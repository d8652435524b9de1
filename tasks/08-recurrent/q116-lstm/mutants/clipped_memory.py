# expect: lstm-cell wrong_value
"""The cell state is kept within one, like the hidden state."""

checked_cell = lstm_cell


def lstm_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    checked_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    h, c = checked_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    return h, c.clamp(-1, 1)
