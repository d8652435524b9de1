# expect: gumbel-softmax wrong_value
"""Noise of any broadcastable shape is accepted, so every row of a batch makes the same choice."""


def gumbel_softmax(logits: Tensor, u: Tensor, tau: float = 1.0, hard: bool = False) -> Tensor:
    if not tau > 0:
        raise ValueError("tau must be above zero")
    noise = -(-u.clamp(min=torch.finfo(u.dtype).tiny).log()).log()
    soft = _normalised((_shifted(logits + noise, dim=-1) / tau).exp(), dim=-1)
    if not hard:
        return soft
    one_hot = torch.zeros_like(soft).scatter(-1, soft.argmax(-1, keepdim=True), 1.0)
    return one_hot + (soft - soft.detach())
