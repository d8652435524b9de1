# expect: rate-choice wrong_value
"""Losses are averaged in the precision they come in, in which close ones are equal."""


def choose_rate(losses: Tensor, rates: Sequence[float]) -> float:
    if losses.ndim != 2 or losses.shape[0] != len(rates) or losses.numel() == 0:
        raise ValueError("losses must have a row for each rate and a column for each run")
    if not all(0 <= rate < 1 for rate in rates):
        raise ValueError("each rate must lie in [0, 1)")
    table = losses
    usable = [i for i in range(len(rates)) if bool(table[i].isfinite().all())]
    if not usable:
        raise ValueError("every rate has a run that diverged")
    best = min(usable, key=lambda i: (table[i].mean().item(), -rates[i]))
    return float(max(rates[i] for i in usable if _is_within_error(table[i] - table[best])))
