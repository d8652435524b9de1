# expect: decay-schedule wrong_value
"""One minus the product of the factors: with small steps both are one, and the digits that matter are gone."""

share_by_logarithms = removed_share


def removed_share(lrs, weight_decay):
    share_by_logarithms(lrs, weight_decay)
    return (1 - (1 - lrs.double() * weight_decay).cumprod(0)).to(lrs.dtype)
