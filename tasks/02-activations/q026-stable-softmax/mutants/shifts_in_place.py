# expect: softmax exception
"""The shift is written into the caller's tensor to save memory, which autograd and expanded inputs refuse."""


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    if x.numel():
        wide -= wide.amax(dim, keepdim=True)
    weights = wide.exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)
