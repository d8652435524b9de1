# expect: lstm-cell-backward wrong_value
"""The gradient of the old cell state is that of the new one, as if nothing were forgotten."""

checked_backward = lstm_cell_backward


def lstm_cell_backward(dh, dc, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    answer = checked_backward(dh, dc, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    gates = _gates(F.linear(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh))
    i, f, g, o = gates
    after = f * c + i * g
    answer["c"] = dc + dh * o * (1 - after.tanh() ** 2)
    return answer
