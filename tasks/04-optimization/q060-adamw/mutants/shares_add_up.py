# expect: decay-schedule wrong_value
"""The removed shares of single steps are simply added."""

share_of_product = removed_share


def removed_share(lrs, weight_decay):
    share_of_product(lrs, weight_decay)
    return (lrs.double() * weight_decay).cumsum(0).to(lrs.dtype)
