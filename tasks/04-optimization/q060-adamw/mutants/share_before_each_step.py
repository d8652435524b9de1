# expect: decay-schedule wrong_value
"""The share is reported as it stood before each step."""

share_after = removed_share


def removed_share(lrs, weight_decay):
    after = share_after(lrs, weight_decay)
    return torch.cat([torch.zeros_like(after[:1]), after[:-1]])
