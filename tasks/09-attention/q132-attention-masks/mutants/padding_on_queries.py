# expect: padding-mask wrong_shape
"""Padding is put on the query axis: padded rows go blank while real tokens still look at padding."""


def padding_mask(tokens: Tensor, pad_id: int) -> Tensor:
    if tokens.ndim != 2 or not _is_integer(tokens):
        raise ValueError("expected integer tokens [B, S]")
    return (tokens != pad_id)[:, None, :, None]
