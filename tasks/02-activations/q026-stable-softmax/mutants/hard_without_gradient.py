# expect: gumbel-softmax exception
"""The one-hot sample is returned as it is, and nothing connects it to the logits any more."""


def gumbel_softmax(logits: Tensor, u: Tensor, tau: float = 1.0, hard: bool = False) -> Tensor:
    if logits.shape != u.shape or not tau > 0:
        raise ValueError("logits and u must have one shape, and tau must be above zero")
    noise = -(-u.clamp(min=torch.finfo(u.dtype).tiny).log()).log()
    soft = _normalised((_shifted(logits + noise, dim=-1) / tau).exp(), dim=-1)
    if not hard:
        return soft
    return torch.zeros_like(soft).scatter(-1, soft.argmax(-1, keepdim=True), 1.0)
