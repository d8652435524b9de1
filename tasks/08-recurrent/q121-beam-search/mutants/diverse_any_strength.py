# expect: diverse-step wrong_value
"""A negative strength is accepted."""


def diverse_step(scores: Tensor, logp: Tensor, strength: float) -> tuple[Tensor, Tensor, Tensor]:
    used = torch.zeros_like(logp[:, 0, 0])
    chosen = []
    for group in range(scores.shape[1]):
        total = scores[:, group].unsqueeze(-1) + logp[:, group]
        chosen.append(_best(total - strength * used.unsqueeze(1), total))
        tokens = chosen[-1][2]
        used = used.scatter_add(-1, tokens, torch.ones_like(tokens, dtype=used.dtype))
    return (
        torch.stack([c[0] for c in chosen], dim=1),
        torch.stack([c[1] for c in chosen], dim=1),
        torch.stack([c[2] for c in chosen], dim=1),
    )
