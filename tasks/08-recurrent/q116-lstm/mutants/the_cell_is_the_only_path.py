# expect: memory-gradients wrong_value
"""The product of forget gates is taken for the whole gradient."""

checked_memory = memory_gradients


def memory_gradients(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    direct, _ = checked_memory(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    return direct, direct
