# expect: gumbel-softmax wrong_value
"""The outer minus sign is lost, which turns the Gumbel distribution of maxima into that of minima."""


def gumbel_softmax(logits: Tensor, u: Tensor, tau: float = 1.0, hard: bool = False) -> Tensor:
    if logits.shape != u.shape or not tau > 0:
        raise ValueError("logits and u must have one shape, and tau must be above zero")
    noise = (-u.clamp(min=torch.finfo(u.dtype).tiny).log()).log()
    soft = _normalised((_shifted(logits + noise, dim=-1) / tau).exp(), dim=-1)
    if not hard:
        return soft
    one_hot = torch.zeros_like(soft).scatter(-1, soft.argmax(-1, keepdim=True), 1.0)
    return one_hot + (soft - soft.detach())
