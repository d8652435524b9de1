# expect: masked-softmax wrong_value
"""Filling with the lowest finite number to dodge NaN: a row that sees nothing now spreads its weight over padding."""


def masked_softmax(scores: Tensor, keep: Tensor) -> Tensor:
    if keep.dtype != torch.bool:
        raise ValueError("keep must be boolean")
    try:
        keep = keep.expand(scores.shape)
    except RuntimeError as error:
        raise ValueError("keep does not fit") from error
    return torch.softmax(scores.masked_fill(~keep, torch.finfo(scores.dtype).min), -1)
