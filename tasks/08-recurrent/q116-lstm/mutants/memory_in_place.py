# expect: lstm-cell mutated_input
"""The new cell state is written into the tensor of the old one."""

checked_cell = lstm_cell


def lstm_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    checked_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    sums = F.linear(x, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh)
    i, f, g, o = _gates(sums)
    if c.requires_grad or c.stride() != c.contiguous().stride():
        return checked_cell(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    c.mul_(f).add_(i * g)
    return o * c.tanh(), c.clone()
