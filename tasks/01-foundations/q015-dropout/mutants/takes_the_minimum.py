# expect: rate-choice wrong_value
"""The smallest mean loss is taken at its word, however much luck is in it."""


def choose_rate(losses: Tensor, rates: Sequence[float]) -> float:
    if losses.ndim != 2 or losses.shape[0] != len(rates) or losses.numel() == 0:
        raise ValueError("losses must have a row for each rate and a column for each run")
    if not all(0 <= rate < 1 for rate in rates):
        raise ValueError("each rate must lie in [0, 1)")
    table = losses.double()
    usable = [i for i in range(len(rates)) if bool(table[i].isfinite().all())]
    if not usable:
        raise ValueError("every rate has a run that diverged")
    return float(rates[min(usable, key=lambda i: table[i].mean().item())])
