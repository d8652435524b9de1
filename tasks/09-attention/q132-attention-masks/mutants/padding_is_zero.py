# expect: padding-mask wrong_value
"""The padding id is believed to be zero in every vocabulary."""


def padding_mask(tokens: Tensor, pad_id: int) -> Tensor:
    if tokens.ndim != 2 or not _is_integer(tokens):
        raise ValueError("expected integer tokens [B, S]")
    return tokens.bool()[:, None, None, :]
