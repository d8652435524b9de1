# expect: lstm-cell bad_gradient
"""The old cell state is detached, as if it were data."""

checked_cell = lstm_cell


def lstm_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    checked_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    return checked_cell(x, h, c.detach(), weight_ih, weight_hh, bias_ih, bias_hh)
