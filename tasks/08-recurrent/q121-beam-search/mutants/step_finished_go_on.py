# expect: beam-step wrong_value
"""What the model says after the end is added to hypotheses that are over."""


def beam_step(scores: Tensor, logp: Tensor, finished: Tensor, eos: int) -> tuple[Tensor, Tensor, Tensor]:
    ended = torch.full_like(logp, -torch.inf)
    ended[..., eos] = 0.0
    total = scores.unsqueeze(-1) + logp
    flat = total.flatten(1)
    place = flat.sort(dim=1, descending=True, stable=True).indices[:, : logp.shape[1]]
    return flat.gather(1, place), place // logp.shape[2], place % logp.shape[2]
