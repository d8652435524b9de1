# expect: memory-gradients exception
"""There is always expected to be a last step."""

checked_memory = memory_gradients


def memory_gradients(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    if not len(x):
        raise IndexError("there is no step")
    return checked_memory(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
