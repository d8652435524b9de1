# expect: lstm-cell wrong_value
"""The rows are read in the order i, f, o, g, as some other libraries have them."""

checked_cell = lstm_cell


def lstm_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    checked_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    sums = F.linear(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh)
    i, f, o, g = sums.chunk(4, -1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c
