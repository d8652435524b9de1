# expect: causal-mask wrong_value
"""The window is counted without the query itself, one key too many."""


def causal_mask(queries: int, keys: int, window: int | None = None) -> Tensor:
    if not 0 <= queries <= keys or (window is not None and window < 1):
        raise ValueError("bad sizes")
    age = torch.arange(keys - queries, keys)[:, None] - torch.arange(keys)
    return (age >= 0) if window is None else (age >= 0) & (age <= window)
