# expect: masked-softmax not_finite
"""A row of minus infinities is left to softmax, which divides zero by zero."""


def masked_softmax(scores: Tensor, keep: Tensor) -> Tensor:
    if keep.dtype != torch.bool:
        raise ValueError("keep must be boolean")
    try:
        keep = keep.expand(scores.shape)
    except RuntimeError as error:
        raise ValueError("keep does not fit") from error
    return torch.softmax(scores.masked_fill(~keep, HIDDEN), -1)
