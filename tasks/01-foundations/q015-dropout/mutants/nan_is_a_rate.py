# expect: dropout wrong_value
"""The rate is compared with both ends in a way that lets NaN through."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    if p < 0 or p > 1:
        raise ValueError("p must lie in [0, 1]")
    keep = torch.rand(x.shape, generator=generator) >= p
    return x * keep * _scale(p) if training else x
