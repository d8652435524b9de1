# expect: softmax wrong_value
"""The maximum is added back in the log-sum-exp before subtracting, and the digits lost there never return."""


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    shifted = _shifted(wide, dim)
    log_total = wide - shifted + shifted.exp().sum(dim, keepdim=True).log()
    return (wide - log_total).exp().to(x.dtype)
