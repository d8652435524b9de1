# expect: dropout wrong_value
"""Exactly the share p is dropped every time, which makes the elements depend on each other."""


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    _require_rate(p)
    if not training:
        return x
    order = torch.randperm(x.numel(), generator=generator).reshape(x.shape)
    return x * (order >= round(p * x.numel())) * _scale(p)
