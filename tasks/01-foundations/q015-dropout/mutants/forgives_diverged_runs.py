# expect: rate-choice wrong_value
"""Runs that diverged are left out of the mean, and the rate is judged by those that did not."""


def choose_rate(losses: Tensor, rates: Sequence[float]) -> float:
    if losses.ndim != 2 or losses.shape[0] != len(rates) or losses.numel() == 0:
        raise ValueError("losses must have a row for each rate and a column for each run")
    if not all(0 <= rate < 1 for rate in rates):
        raise ValueError("each rate must lie in [0, 1)")
    table = losses.double()
    good = table.isfinite()
    usable = [i for i in range(len(rates)) if bool(good[i].any())]
    if not usable or not bool(good.all(1).any()):
        raise ValueError("every rate has a run that diverged")
    filled = torch.where(good, table, math.nan)
    best = min(usable, key=lambda i: (filled[i].nanmean().item(), -rates[i]))
    gaps = {i: (filled[i] - filled[best])[good[i] & good[best]] for i in usable}
    return float(max(rates[i] for i in usable if len(gaps[i]) and _is_within_error(gaps[i])))
