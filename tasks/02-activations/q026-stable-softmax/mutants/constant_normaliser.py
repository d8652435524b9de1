# expect: softmax bad_gradient
"""The normalising sum is detached as if it were a constant, so one logit no longer competes with the others."""


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = _shifted(wide, dim).exp()
    return (weights / weights.detach().sum(dim, keepdim=True)).to(x.dtype)
