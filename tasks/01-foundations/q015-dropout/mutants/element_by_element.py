# expect: dropout too_slow
"""Each element is decided in a Python loop."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    noise = torch.rand(x.numel(), generator=generator).tolist()
    keep = torch.tensor([1.0 if value >= p else 0.0 for value in noise], dtype=x.dtype).reshape(x.shape)
    return x * keep * _scale(p)
