# expect: diverse-step wrong_value
"""A group already avoids its own tokens, one place in the beam after the other."""


def diverse_step(scores: Tensor, logp: Tensor, strength: float) -> tuple[Tensor, Tensor, Tensor]:
    if not strength >= 0:
        raise ValueError("strength must be zero or more")
    used = torch.zeros_like(logp[:, 0, 0])
    chosen = []
    for group in range(scores.shape[1]):
        total = scores[:, group].unsqueeze(-1) + logp[:, group]
        picks, open_ = [], total
        for _ in range(scores.shape[2]):
            value, parent, token = (part[:, :1] for part in _best(open_ - strength * used.unsqueeze(1), total))
            picks.append((value, parent, token))
            used = used.scatter_add(-1, token, torch.ones_like(token, dtype=used.dtype))
            place = parent * total.shape[2] + token
            open_ = open_.flatten(1).scatter(1, place, -torch.inf).reshape(total.shape)
        chosen.append(tuple(torch.cat(part, 1) for part in zip(*picks, strict=True)))
    return (
        torch.stack([c[0] for c in chosen], dim=1),
        torch.stack([c[1] for c in chosen], dim=1),
        torch.stack([c[2] for c in chosen], dim=1),
    )
