# expect: softmax wrong_value
"""Overflow is prevented by clamping the logits, which flattens every difference beyond the clamp."""


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = torch.where(wide == -math.inf, wide, wide.clamp(-80.0, 80.0)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)
