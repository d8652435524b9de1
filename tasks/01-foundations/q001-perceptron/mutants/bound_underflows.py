# expect: mistake-bound wrong_value
"""The length of tiny weights is the root of squares that underflow."""


def mistake_bound(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> float:
    _check(x, y, w, b)
    if len(x) == 0:
        raise ValueError("there must be at least one point")
    direction = torch.cat([w.double(), b.double().reshape(1)])
    signed = _signed(x, y)
    margin = (signed @ direction).min().item() / max(direction.square().sum().sqrt().item(), 1e-300)
    if not margin > 0:
        raise ValueError("the hyperplane does not separate the data")
    return (signed.norm(dim=1).max().item() / margin) ** 2
