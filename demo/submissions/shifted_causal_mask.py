"""Off by one: every position may also see the next one, which is the token it is meant to predict."""

import torch


def causal_mask(queries, keys, window=None):
    if queries < 0 or keys < queries or (window is not None and window < 1):
        raise ValueError("impossible sizes")
    here = torch.arange(keys - queries, keys)[:, None] + 1
    there = torch.arange(keys)[None, :]
    seen = there <= here
    return seen if window is None else seen & (there > here - window)
