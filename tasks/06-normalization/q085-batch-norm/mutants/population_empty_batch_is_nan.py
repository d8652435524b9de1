# expect: population-statistics not_finite
"""Every batch has a mean, so none has to be skipped."""


def population_statistics(batches):
    batches = list(batches)
    if not batches or sum(b.numel() // b.shape[1] for b in batches) < 2 or len({b.shape[1] for b in batches}) > 1:
        raise ValueError("too little data, or batches that differ in channels")
    rows = [b.double().transpose(0, 1).flatten(1) for b in batches]
    count = sum(r.shape[1] for r in rows)
    mean = sum(r.shape[1] / count * r.mean(1) for r in rows)
    squares = sum(r.shape[1] * (r.var(1, correction=0) + (r.mean(1) - mean).square()) for r in rows)
    return mean.to(batches[0].dtype), (squares / (count - 1)).to(batches[0].dtype)
