# expect: beam-step wrong_value
"""Every hypothesis is continued by its own best token, so none ever has two descendants."""


def beam_step(scores: Tensor, logp: Tensor, finished: Tensor, eos: int) -> tuple[Tensor, Tensor, Tensor]:
    ended = torch.full_like(logp, -torch.inf)
    ended[..., eos] = 0.0
    total = scores.unsqueeze(-1) + torch.where(finished.unsqueeze(-1), ended, logp)
    value, token = total.sort(dim=2, descending=True, stable=True)
    value, parent = value[..., 0].sort(dim=1, descending=True, stable=True)
    return value, parent, token[..., 0].gather(1, parent)
