# expect: gumbel-softmax not_finite
"""Noise of exactly zero is thought impossible, although the generator does return it."""


def gumbel_softmax(logits: Tensor, u: Tensor, tau: float = 1.0, hard: bool = False) -> Tensor:
    if logits.shape != u.shape or not tau > 0:
        raise ValueError("logits and u must have one shape, and tau must be above zero")
    noise = -(-u.log()).log()
    soft = _normalised((_shifted(logits + noise, dim=-1) / tau).exp(), dim=-1)
    if not hard:
        return soft
    one_hot = torch.zeros_like(soft).scatter(-1, soft.argmax(-1, keepdim=True), 1.0)
    return one_hot + (soft - soft.detach())
