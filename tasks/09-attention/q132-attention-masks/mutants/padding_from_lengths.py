# expect: padding-mask wrong_value
"""Padding is assumed to stand at the end, so only the number of real tokens is used."""


def padding_mask(tokens: Tensor, pad_id: int) -> Tensor:
    if tokens.ndim != 2 or not _is_integer(tokens):
        raise ValueError("expected integer tokens [B, S]")
    lengths = (tokens != pad_id).sum(-1, keepdim=True)
    return (torch.arange(tokens.shape[1]) < lengths)[:, None, None, :]
