# expect: mistake-bound exception
"""The margin is not divided by the length of the weights, so scaling them changes the bound."""


def mistake_bound(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> float:
    _check(x, y, w, b)
    if len(x) == 0:
        raise ValueError("there must be at least one point")
    direction = torch.cat([w.double(), b.double().reshape(1)])
    signed = _signed(x, y)
    margin = (signed @ direction).min().item()
    if not margin > 0:
        raise ValueError("the hyperplane does not separate the data")
    return (signed.norm(dim=1).max().item() / margin) ** 2
