# expect: causal-mask wrong_value
"""tril of a rectangle: the first new query is treated as the first token, so it sees one cached key only."""


def causal_mask(queries: int, keys: int, window: int | None = None) -> Tensor:
    if not 0 <= queries <= keys or (window is not None and window < 1):
        raise ValueError("bad sizes")
    mask = torch.ones(queries, keys, dtype=torch.bool).tril()
    return mask if window is None else mask.triu(1 - window)
