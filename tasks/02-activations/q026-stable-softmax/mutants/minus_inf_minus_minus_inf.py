# expect: online-softmax not_finite
"""While only masked logits have been seen, minus infinity is subtracted from itself and NaN enters the sum for good."""


def online_update(m: Tensor, s: Tensor, chunk: Tensor) -> tuple[Tensor, Tensor]:
    if chunk.size(-1) == 0:
        return m.clone(), s.clone()
    top = torch.maximum(m, chunk.amax(-1))
    return top, s * (m - top).exp() + (chunk - top.unsqueeze(-1)).exp().sum(-1)
