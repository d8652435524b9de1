# expect: softmax wrong_value
"""A small constant guards against a division by zero that the shift has already ruled out."""


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = _shifted(wide, dim).exp()
    return (weights / (weights.sum(dim, keepdim=True) + 1e-7)).to(x.dtype)
