# expect: rate-choice exception
"""The spread of a single run is NaN, which compares with nothing."""


def choose_rate(losses: Tensor, rates: Sequence[float]) -> float:
    if losses.ndim != 2 or losses.shape[0] != len(rates) or losses.numel() == 0:
        raise ValueError("losses must have a row for each rate and a column for each run")
    if not all(0 <= rate < 1 for rate in rates):
        raise ValueError("each rate must lie in [0, 1)")
    table = losses.double()
    usable = [i for i in range(len(rates)) if bool(table[i].isfinite().all())]
    if not usable:
        raise ValueError("every rate has a run that diverged")
    best = min(usable, key=lambda i: (table[i].mean().item(), -rates[i]))
    gaps = {i: table[i] - table[best] for i in usable}
    error = {i: gap.std().item() / math.sqrt(len(gap)) for i, gap in gaps.items()}
    return float(max(rates[i] for i in usable if gaps[i].mean().item() <= error[i]))
