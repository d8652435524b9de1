# expect: memory-gradients wrong_value
"""Single rows and numbers are stretched over the batch."""

checked_memory = memory_gradients


def memory_gradients(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    if x.dim() == 3 and h.dim() == 2 and c.dim() == 2:
        rows, size = x.size(1), weight_hh.size(0) // 4
        if 1 in h.shape or 1 in c.shape:
            h, c = (part.expand(rows, size) if 1 in part.shape else part for part in (h, c))
    return checked_memory(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
