# expect: lstm-cell-backward wrong_value
"""Gradients of parameters are averaged over the batch."""

checked_backward = lstm_cell_backward


def lstm_cell_backward(dh, dc, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    answer = checked_backward(dh, dc, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        answer[name] = answer[name] / max(1, len(x))
    return answer
