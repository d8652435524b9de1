# expect: lstm-cell-backward exception
"""The step is run again and differentiated by autograd, which is switched off where this is used."""

checked_backward = lstm_cell_backward


def lstm_cell_backward(dh, dc, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    checked_backward(dh, dc, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    with torch.enable_grad():
        leaves = [t.detach().requires_grad_() for t in (x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)]
        grads = torch.autograd.grad(lstm_cell(*leaves), leaves, (dh, dc))
    return dict(zip(("x", "h", "c", "weight_ih", "weight_hh", "bias_ih", "bias_hh"), grads))
