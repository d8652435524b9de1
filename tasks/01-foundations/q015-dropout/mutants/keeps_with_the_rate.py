# expect: dropout wrong_value
"""The rate is taken for the probability of keeping an element."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    keep = torch.rand(x.shape, generator=generator) < p
    return x * keep / p if p > 0 else x * 0
