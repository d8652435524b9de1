# expect: lstm-cell-backward wrong_value
"""One bias has got the gradient, so the other is left at zero."""

checked_backward = lstm_cell_backward


def lstm_cell_backward(dh, dc, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    answer = checked_backward(dh, dc, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    answer["bias_hh"] = torch.zeros_like(bias_hh)
    return answer
