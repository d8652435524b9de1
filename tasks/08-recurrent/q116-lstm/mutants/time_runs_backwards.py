# expect: memory-gradients wrong_value
"""The answers come in the order they were computed in, the last step first."""

checked_memory = memory_gradients


def memory_gradients(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    direct, total = checked_memory(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    return direct.flip(0), total.flip(0)
