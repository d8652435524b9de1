# expect: information wrong_value
"""A constant keeps the logarithms of zero finite."""

checked_information = information


def information(p, q, base=math.e):
    checked_information(p, q, base)
    wide_p, wide_q = p.double(), q.double()
    log_p, log_q = (wide_p + 1e-12).log() / math.log(base), (wide_q + 1e-12).log() / math.log(base)
    answers = (-wide_p * log_p, -wide_p * log_q, wide_p * (log_p - log_q))
    entropy, cross, divergence = (terms.sum(-1).to(p.dtype) for terms in answers)
    return entropy, cross, divergence
