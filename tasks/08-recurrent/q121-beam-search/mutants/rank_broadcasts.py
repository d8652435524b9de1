# expect: length-penalty wrong_value
"""Shapes and the sign of the penalty are not looked at."""


def rank_hypotheses(tokens: Tensor, scores: Tensor, eos: int, alpha: float) -> tuple[Tensor, Tensor]:
    before_end = ((tokens == eos).long().cumsum(-1) == 0).sum(-1)
    length = (before_end + 1).clamp(max=tokens.shape[-1])
    ranked = scores / (((5 + length).double() / 6) ** alpha).to(scores.dtype)
    best = ranked.sort(dim=-1, descending=True, stable=True)
    return best.values, best.indices
