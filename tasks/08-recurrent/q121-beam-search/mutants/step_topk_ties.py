# expect: beam-step wrong_value
"""The library's topk is trusted with ties, about which it promises nothing."""


def beam_step(scores: Tensor, logp: Tensor, finished: Tensor, eos: int) -> tuple[Tensor, Tensor, Tensor]:
    ended = torch.full_like(logp, -torch.inf)
    ended[..., eos] = 0.0
    total = scores.unsqueeze(-1) + torch.where(finished.unsqueeze(-1), ended, logp)
    flat = total.flatten(1)
    place = flat.topk(logp.shape[1], dim=1).indices
    return flat.gather(1, place), place // logp.shape[2], place % logp.shape[2]
