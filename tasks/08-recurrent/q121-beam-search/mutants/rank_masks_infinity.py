# expect: length-penalty wrong_value
"""Missing hypotheses get a huge finite score, to be safe."""


def rank_hypotheses(tokens: Tensor, scores: Tensor, eos: int, alpha: float) -> tuple[Tensor, Tensor]:
    if tokens.dim() != 3 or scores.shape != tokens.shape[:2]:
        raise ValueError("tokens must be (B, K, T) and scores (B, K)")
    if not alpha >= 0:
        raise ValueError("alpha must be zero or more")
    before_end = ((tokens == eos).long().cumsum(-1) == 0).sum(-1)
    length = (before_end + 1).clamp(max=tokens.shape[-1])
    ranked = scores.clamp(min=-1e9) / (((5 + length).double() / 6) ** alpha).to(scores.dtype)
    best = ranked.sort(dim=-1, descending=True, stable=True)
    return best.values, best.indices
