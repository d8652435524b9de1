# expect: online-softmax mutated_input
"""The running state is updated in place, so a caller who kept the old one finds it changed."""


def online_update(m: Tensor, s: Tensor, chunk: Tensor) -> tuple[Tensor, Tensor]:
    if chunk.size(-1) == 0:
        return m.clone(), s.clone()
    top = torch.maximum(m, chunk.amax(-1))
    pivot = torch.where(top == -math.inf, 0.0, top)
    s.mul_((m - pivot).exp()).add_((chunk - pivot.unsqueeze(-1)).exp().sum(-1))
    return m.copy_(top), s
