# expect: beam-step wrong_value
"""Division and remainder by the width of the beam take the place of those by the vocabulary."""


def beam_step(scores: Tensor, logp: Tensor, finished: Tensor, eos: int) -> tuple[Tensor, Tensor, Tensor]:
    ended = torch.full_like(logp, -torch.inf)
    ended[..., eos] = 0.0
    total = scores.unsqueeze(-1) + torch.where(finished.unsqueeze(-1), ended, logp)
    flat = total.flatten(1)
    place = flat.sort(dim=1, descending=True, stable=True).indices[:, : logp.shape[1]]
    return flat.gather(1, place), place % logp.shape[1], place // logp.shape[1]
