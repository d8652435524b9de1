# expect: softmax wrong_value
"""NaN is swept under the rug with nan_to_num, so a slice without any legal entry looks like an answer."""


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    return _normalised(_shifted(wide, dim).exp(), dim).nan_to_num(0.0).to(x.dtype)
