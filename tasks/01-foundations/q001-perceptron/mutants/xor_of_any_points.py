# expect: xor wrong_value
"""The first two coordinates of the first four points are taken, however many there are of either."""


def xor_multipliers(corners: Tensor) -> Tensor:
    p = corners.double()
    if corners.dim() != 2 or len(p) < 4:
        raise ValueError("four corners are needed")
    first, second, apart = p[2] - p[0], p[3] - p[1], p[1] - p[0]
    area = _cross(first, second)
    s, t = _cross(apart, second) / area, _cross(apart, first) / area
    if p.shape[0] == 4 and p.shape[1] == 2 and not (0 < s < 1 and 0 < t < 1):
        raise ValueError("the diagonals do not cross")
    return (torch.stack([1 - s, 1 - t, s, t]) / 2).to(corners.dtype)
