# expect: softmax wrong_dtype
"""Half precision is widened for accuracy and never brought back to the dtype of the input."""


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    return _normalised(_shifted(wide, dim).exp(), dim)
