# expect: softmax not_finite
"""The formula of the textbook is taken as it stands, and the exponential of a large logit overflows."""


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = wide.exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)
