# expect: causal-mask wrong_shape
"""The last rows of the square mask are taken with a negative slice, and minus zero means all of them."""


def causal_mask(queries: int, keys: int, window: int | None = None) -> Tensor:
    if not 0 <= queries <= keys or (window is not None and window < 1):
        raise ValueError("bad sizes")
    mask = torch.ones(keys, keys, dtype=torch.bool).tril()
    return (mask if window is None else mask.triu(1 - window))[-queries:]
