# expect: masked-softmax mutated_input
"""masked_fill_ saves memory by writing into the caller's scores."""


def masked_softmax(scores: Tensor, keep: Tensor) -> Tensor:
    if keep.dtype != torch.bool:
        raise ValueError("keep must be boolean")
    try:
        keep = keep.expand(scores.shape)
    except RuntimeError as error:
        raise ValueError("keep does not fit") from error
    return torch.softmax(scores.masked_fill_(~keep, HIDDEN), -1).masked_fill(~keep, 0.0)
