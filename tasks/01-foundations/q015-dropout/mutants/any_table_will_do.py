# expect: rate-choice exception
"""Neither the shape of the table nor the rates are looked at."""


def choose_rate(losses: Tensor, rates: Sequence[float]) -> float:
    table = losses.double()
    usable = [i for i in range(len(rates)) if bool(table[i].isfinite().all())]
    best = min(usable, key=lambda i: (table[i].mean().item(), -rates[i]))
    return float(max(rates[i] for i in usable if _is_within_error(table[i] - table[best])))
