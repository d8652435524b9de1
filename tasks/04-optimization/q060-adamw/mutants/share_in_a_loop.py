# expect: decay-schedule too_slow
"""The schedule is walked step by step in Python."""

share_checked = removed_share


def removed_share(lrs, weight_decay):
    share_checked(lrs[:1] if lrs.ndim else lrs, weight_decay)
    removed, shares = 0.0, []
    for lr in lrs.tolist():
        if not 0 <= lr * weight_decay <= 1:
            raise ValueError("each lr * weight_decay must lie in [0, 1]")
        removed += (1 - removed) * lr * weight_decay
        shares.append(removed)
    return torch.tensor(shares, dtype=lrs.dtype)
