# expect: lstm-cell-backward wrong_value
"""A gradient for one row is used for all of them, and one number for all parameters."""

checked_backward = lstm_cell_backward


def lstm_cell_backward(dh, dc, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    if dh.dim() <= 2 and h.dim() == 2 and c.dim() == 2:
        dh = dh.expand(h.shape) if dh.dim() == 1 or 1 in dh.shape else dh
        dc = dc.expand(h.shape) if dc.dim() == 1 or 1 in dc.shape else dc
    return checked_backward(dh, dc, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
