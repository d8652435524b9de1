# expect: memory-gradients not_finite
"""Products to the end are quotients of products from the start, which are zero over zero behind a shut gate."""

checked_memory = memory_gradients


def memory_gradients(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    _, total = checked_memory(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    from_start = [torch.ones_like(c)]
    for inputs in F.linear(x, weight_ih, bias_ih + bias_hh):
        i, f, g, o = _gates(inputs + h @ weight_hh.T)
        c = f * c + i * g
        h = o * c.tanh()
        from_start.append(from_start[-1] * f)
    products = torch.stack(from_start)
    return products[-1] / products, total
