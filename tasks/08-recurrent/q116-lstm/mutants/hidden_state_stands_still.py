# expect: memory-gradients wrong_value
"""The hidden state of a step is held fixed while the cell state of the same step is moved."""

checked_memory = memory_gradients


def memory_gradients(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    direct, total = checked_memory(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    with torch.enable_grad():
        cells = [c.detach().requires_grad_()]
        moved = []
        for inputs in F.linear(x, weight_ih, bias_ih + bias_hh).detach():
            i, f, g, o = _gates(inputs + h @ weight_hh.T)
            moved.append(f * cells[-1] + i * g)
            h = o * moved[-1].tanh()
            cells.append(moved[-1] + torch.zeros_like(c).requires_grad_())
        if not len(x):
            return direct, total
        return direct, torch.stack(torch.autograd.grad(cells[-1].sum(), cells))
