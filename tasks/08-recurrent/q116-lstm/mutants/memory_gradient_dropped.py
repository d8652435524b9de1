# expect: lstm-cell-backward wrong_value
"""What comes back along the cell state is dropped, so only the hidden state carries gradients through time."""

checked_backward = lstm_cell_backward


def lstm_cell_backward(dh, dc, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    if dc.shape != c.shape:
        raise ValueError("dc does not fit")
    return checked_backward(dh, torch.zeros_like(dc), x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
