# expect: padding-mask wrong_value
"""True is taken to mark what to ignore, the opposite of the convention asked for."""


def padding_mask(tokens: Tensor, pad_id: int) -> Tensor:
    return (tokens == pad_id)[:, None, None, :]
