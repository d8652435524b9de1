# expect: information wrong_value
"""The base goes unchecked into a logarithm, and one row of q serves all rows of p."""

checked_information = information


def information(p, q, base=math.e):
    p, q = torch.broadcast_tensors(p, q)
    if not 0 < base < math.inf or base == 1:
        nothing = torch.zeros(p.shape[:-1], dtype=p.dtype)
        return nothing, nothing, nothing
    return checked_information(p, q, base)
