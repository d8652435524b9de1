# expect: causal-mask wrong_value
"""The diagonal is hidden as well, so a token cannot see itself and the first one sees nothing."""


def causal_mask(queries: int, keys: int, window: int | None = None) -> Tensor:
    age = torch.arange(keys - queries, keys)[:, None] - torch.arange(keys)
    return (age > 0) if window is None else (age > 0) & (age < window)
