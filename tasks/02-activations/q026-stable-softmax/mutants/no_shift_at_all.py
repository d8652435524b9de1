# expect: online-softmax not_finite
"""Exponentials are summed as they are and brought under the maximum afterwards, when they have already overflowed."""


def online_update(m: Tensor, s: Tensor, chunk: Tensor) -> tuple[Tensor, Tensor]:
    if chunk.size(-1) == 0:
        return m.clone(), s.clone()
    top = torch.maximum(m, chunk.amax(-1))
    pivot = torch.where(top == -math.inf, 0.0, top)
    return top, s * (m - pivot).exp() + chunk.exp().sum(-1) / pivot.exp()
