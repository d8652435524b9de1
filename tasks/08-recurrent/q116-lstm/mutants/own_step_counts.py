# expect: memory-gradients wrong_value
"""The product for a state begins with the gate of its own step, which lies before it."""

checked_memory = memory_gradients


def memory_gradients(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    direct, total = checked_memory(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    return torch.cat([direct[:1], direct[:-1]]), total
