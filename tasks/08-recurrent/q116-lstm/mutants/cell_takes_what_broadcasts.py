# expect: lstm-cell wrong_value
"""States and biases are broadcast to the shapes they should have."""

checked_cell = lstm_cell


def lstm_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    if x.dim() == 2 and h.dim() == 2 and weight_hh.dim() == 2:
        size = weight_hh.size(1)
        h = h.expand(len(x), size) if h.size(0) == 1 else h
        c = c.expand(len(x), size) if c.dim() == 1 or 1 in c.shape else c
        bias_ih = bias_ih.expand(4 * size) if bias_ih.shape == (1,) else bias_ih
        bias_hh = bias_hh.expand(4 * size) if bias_hh.shape == (1,) else bias_hh
    return checked_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
