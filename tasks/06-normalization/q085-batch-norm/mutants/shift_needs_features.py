# expect: covariate-shift exception
"""Answers of single features are collected in a list and stacked, which needs at least one."""

shares_of_all = covariate_shift


def covariate_shift(before, after):
    shares_of_all(before, after)
    columns = [shares_of_all(before[:, c : c + 1], after[:, c : c + 1]) for c in range(before.shape[1])]
    location, scale, shape = (torch.cat(shares) for shares in zip(*columns))
    return location, scale, shape
