# expect: lstm-cell-backward wrong_value
"""The derivative of the candidate is taken at its value, not at what it was the tanh of."""

checked_backward = lstm_cell_backward


def lstm_cell_backward(dh, dc, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    answer = checked_backward(dh, dc, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    gates = _gates(F.linear(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh))
    i, f, g, o = gates
    after = f * c + i * g
    slope = dc + dh * o * (1 - after.tanh() ** 2)
    by_gate = (
        slope * g * i * (1 - i),
        slope * c * f * (1 - f),
        slope * i * (1 - g.tanh() ** 2),
        dh * after.tanh() * o * (1 - o),
    )
    shifts = torch.cat(by_gate, -1)
    answer |= {"x": shifts @ weight_ih, "h": shifts @ weight_hh, "c": slope * f}
    answer |= {"weight_ih": shifts.T @ x, "weight_hh": shifts.T @ h, "bias_ih": shifts.sum(0), "bias_hh": shifts.sum(0)}
    return answer
