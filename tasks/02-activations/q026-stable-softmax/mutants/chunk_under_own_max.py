# expect: online-softmax wrong_value
"""The old sum is rescaled, but the sum of the chunk stays relative to the maximum of the chunk."""


def online_update(m: Tensor, s: Tensor, chunk: Tensor) -> tuple[Tensor, Tensor]:
    if chunk.size(-1) == 0:
        return m.clone(), s.clone()
    highest = chunk.amax(-1)
    top = torch.maximum(m, highest)
    own = torch.where(highest == -math.inf, 0.0, highest)
    pivot = torch.where(top == -math.inf, 0.0, top)
    return top, s * (m - pivot).exp() + (chunk - own.unsqueeze(-1)).exp().sum(-1)
