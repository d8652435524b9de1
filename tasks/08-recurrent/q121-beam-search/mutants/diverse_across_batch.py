# expect: diverse-step wrong_value
"""Tokens are counted over the whole batch."""


def diverse_step(scores: Tensor, logp: Tensor, strength: float) -> tuple[Tensor, Tensor, Tensor]:
    if not strength >= 0:
        raise ValueError("strength must be zero or more")
    used = torch.zeros_like(logp[:, 0, 0])
    chosen = []
    for group in range(scores.shape[1]):
        total = scores[:, group].unsqueeze(-1) + logp[:, group]
        chosen.append(_best(total - strength * used.unsqueeze(1), total))
        tokens = chosen[-1][2]
        used = used + torch.bincount(tokens.flatten(), minlength=used.shape[-1])
    return (
        torch.stack([c[0] for c in chosen], dim=1),
        torch.stack([c[1] for c in chosen], dim=1),
        torch.stack([c[2] for c in chosen], dim=1),
    )
