# expect: information not_finite
"""The quotient of two zeros is formed before the zero probability is looked at."""

checked_information = information


def information(p, q, base=math.e):
    checked_information(p, q, base)
    wide_p, wide_q = p.double(), q.double()
    entropy, cross, _ = checked_information(p, q, base)
    divergence = torch.xlogy(wide_p, wide_p / wide_q).sum(-1) / math.log(base)
    return entropy, cross, divergence.to(p.dtype)
