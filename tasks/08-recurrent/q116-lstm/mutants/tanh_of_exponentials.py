# expect: lstm-cell not_finite
"""The tanh is spelled out with exponentials, which overflow."""

checked_cell = lstm_cell


def lstm_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    checked_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    sums = F.linear(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh)
    i, f, g, o = sums.chunk(4, -1)
    candidate = (g.exp() - (-g).exp()) / (g.exp() + (-g).exp())
    c = f.sigmoid() * c + i.sigmoid() * candidate
    return o.sigmoid() * c.tanh(), c
