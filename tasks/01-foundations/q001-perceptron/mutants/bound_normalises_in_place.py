# expect: mistake-bound mutated_input
"""The weights of the caller are normalised instead of a copy."""


def mistake_bound(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> float:
    _check(x, y, w, b)
    if len(x) == 0:
        raise ValueError("there must be at least one point")
    largest = torch.cat([w, b.reshape(1)]).abs().max()
    w /= largest
    b /= largest
    direction = torch.cat([w.double(), b.double().reshape(1)])
    signed = _signed(x, y)
    margin = (signed @ direction).min().item() / direction.norm().item()
    if not margin > 0:
        raise ValueError("the hyperplane does not separate the data")
    return (signed.norm(dim=1).max().item() / margin) ** 2
