# expect: separability wrong_value
"""The midplane between the means of the classes is tried, and if it fails the data are called inseparable."""


def separability(x: Tensor, y: Tensor) -> tuple[bool, Tensor]:
    _check(x, y)
    if len(x) == 0:
        raise ValueError("there must be at least one point")
    signed = _signed(x, y)
    if len(y.unique()) == 1:
        return True, torch.cat([x.new_zeros(x.shape[1]), y[:1].double()])
    above, below = x[y == 1].mean(0), x[y == -1].mean(0)
    w = above - below
    v = torch.cat([w, -(w @ (above + below)).reshape(1) / 2])
    if bool((signed @ v > 0).all()):
        return True, v
    shares = (y == 1) / (y == 1).sum() + (y == -1) / (y == -1).sum()
    return False, (shares / 2).double()
