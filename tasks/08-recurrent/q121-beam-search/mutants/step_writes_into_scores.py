# expect: beam-step mutated_input
"""The rule for finished hypotheses is written into the caller's log-probabilities."""


def beam_step(scores: Tensor, logp: Tensor, finished: Tensor, eos: int) -> tuple[Tensor, Tensor, Tensor]:
    logp = logp if logp.is_contiguous() else logp.clone()
    ended = torch.full_like(logp, -torch.inf)
    ended[..., eos] = 0.0
    total = scores.unsqueeze(-1) + logp.masked_scatter_(finished.unsqueeze(-1).expand_as(logp), ended[finished])
    flat = total.flatten(1)
    place = flat.sort(dim=1, descending=True, stable=True).indices[:, : logp.shape[1]]
    return flat.gather(1, place), place // logp.shape[2], place % logp.shape[2]
