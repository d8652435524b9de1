# expect: softmax wrong_value
"""The maximum follows dim, but the normalising sum is always taken along the last dimension."""


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = _shifted(wide, dim).exp()
    return (weights / weights.sum(-1, keepdim=True)).to(x.dtype)
