# expect: masked-softmax not_finite
"""torch.where around an overflowing exponential: the value is right, the backward pass multiplies zero by infinity."""


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
    top = wide.detach().masked_fill(~keep, torch.finfo(wide.dtype).min).amax(-1, keepdim=True)
    power = torch.where(keep, torch.exp(wide - top), 0.0)
    return (power / power.sum(-1, keepdim=True).clamp(min=1e-30)).to(scores.dtype)
