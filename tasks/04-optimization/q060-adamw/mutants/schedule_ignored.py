# expect: decay-schedule wrong_value
"""Decoupled decay is believed to be independent of the learning rate, so every step removes the same."""

share_of_product = removed_share


def removed_share(lrs, weight_decay):
    share_of_product(lrs, weight_decay)
    steps = torch.arange(1, len(lrs) + 1, dtype=torch.float64)
    return (1 - (1 - weight_decay) ** steps).to(lrs.dtype)
