# expect: information not_finite
"""Zero times the logarithm of zero is left to the hardware, which makes a NaN of it."""

checked_information = information


def information(p, q, base=math.e):
    checked_information(p, q, base)
    wide_p, wide_q = p.double(), q.double()
    log_p, log_q = wide_p.log() / math.log(base), wide_q.log() / math.log(base)
    answers = (-wide_p * log_p, -wide_p * log_q, wide_p * (log_p - log_q))
    entropy, cross, divergence = (terms.sum(-1).to(p.dtype) for terms in answers)
    return entropy, cross, divergence
