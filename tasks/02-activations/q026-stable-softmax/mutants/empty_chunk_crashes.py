# expect: online-softmax exception
"""The maximum of a chunk is asked for without asking whether the chunk holds any logits."""


def online_update(m: Tensor, s: Tensor, chunk: Tensor) -> tuple[Tensor, Tensor]:
    top = torch.maximum(m, chunk.amax(-1))
    pivot = torch.where(top == -math.inf, 0.0, top)
    return top, s * (m - pivot).exp() + (chunk - pivot.unsqueeze(-1)).exp().sum(-1)
