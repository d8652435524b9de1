# expect: population-statistics wrong_value
"""Every batch has the same weight, the last short one too."""

population_checked = population_statistics


def population_statistics(batches):
    batches = list(batches)
    dtype = population_checked(batches)[0].dtype
    rows = [b.double().transpose(0, 1).flatten(1) for b in batches if b.numel()]
    mean = torch.stack([r.mean(1) for r in rows]).mean(0)
    square = torch.stack([(r - mean[:, None]).square().mean(1) for r in rows]).mean(0)
    count = sum(r.shape[1] for r in rows)
    return mean.to(dtype), (square * count / (count - 1)).to(dtype)
