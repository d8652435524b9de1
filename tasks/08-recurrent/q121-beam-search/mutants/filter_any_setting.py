# expect: sampling-filter wrong_value
"""Settings out of range are used as they are."""


def filter_probs(probs: Tensor, top_k: int = 0, top_p: float = 1.0, min_p: float = 0.0) -> Tensor:
    ordered = probs.double().sort(dim=-1, descending=True, stable=True)
    kept = ordered.values
    if top_k:
        kept = _normalised(kept * (torch.arange(kept.shape[-1], device=kept.device) < top_k))
    if top_p < 1:
        kept = _normalised(kept * (kept.cumsum(-1) - kept < top_p))
    kept = _normalised(kept * (kept >= min_p * kept[..., :1]))
    return torch.zeros_like(kept).scatter(-1, ordered.indices, kept).to(probs.dtype)
