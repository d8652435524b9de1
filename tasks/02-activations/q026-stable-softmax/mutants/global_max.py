# expect: softmax not_finite
"""Any maximum is thought to do, so the largest logit of the whole tensor is subtracted and lower rows underflow."""


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.max()).exp() if x.numel() else wide
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)
