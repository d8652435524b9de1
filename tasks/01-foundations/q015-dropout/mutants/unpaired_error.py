# expect: rate-choice wrong_value
"""The error is that of the best row by itself, as if rates had been tried on different seeds."""


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
    error = table[best].std().item() / math.sqrt(table.shape[1]) if table.shape[1] > 1 else 0.0
    return float(max(rates[i] for i in usable if table[i].mean().item() <= table[best].mean().item() + error))
