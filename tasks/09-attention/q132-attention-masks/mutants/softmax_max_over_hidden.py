# expect: masked-softmax wrong_value
"""Shifting by the maximum of the whole row: one huge hidden score makes every visible exponential vanish."""


def masked_softmax(scores: Tensor, keep: Tensor) -> Tensor:
    if keep.dtype != torch.bool:
        raise ValueError("keep must be boolean")
    try:
        keep = keep.expand(scores.shape)
    except RuntimeError as error:
        raise ValueError("keep does not fit") from error
    if scores.shape[-1] == 0:
        return torch.zeros_like(scores)
    wide = scores.double() if scores.dtype == torch.float64 else scores.float()
    power = torch.exp(wide - wide.amax(-1, keepdim=True)) * keep
    return (power / power.sum(-1, keepdim=True).clamp(min=1e-30)).to(scores.dtype)
