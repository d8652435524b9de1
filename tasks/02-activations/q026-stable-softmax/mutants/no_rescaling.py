# expect: online-softmax wrong_value
"""The new maximum is noted, but what was summed under the old one is not rescaled."""


def online_update(m: Tensor, s: Tensor, chunk: Tensor) -> tuple[Tensor, Tensor]:
    if chunk.size(-1) == 0:
        return m.clone(), s.clone()
    top = torch.maximum(m, chunk.amax(-1))
    pivot = torch.where(top == -math.inf, 0.0, top)
    return top, s + (chunk - pivot.unsqueeze(-1)).exp().sum(-1)
