# expect: xor wrong_value
"""The nearer corner of a diagonal gets the smaller weight, as if distances were weights."""


def xor_multipliers(corners: Tensor) -> Tensor:
    if corners.shape != (4, 2):
        raise ValueError("corners must be (4, 2)")
    p = corners.double()
    first, second, apart = p[2] - p[0], p[3] - p[1], p[1] - p[0]
    area = _cross(first, second)
    if area == 0:
        raise ValueError("the diagonals do not cross")
    s, t = _cross(apart, second) / area, _cross(apart, first) / area
    if not (0 < s < 1 and 0 < t < 1):
        raise ValueError("the diagonals do not cross")
    return (torch.stack([s, t, 1 - s, 1 - t]) / 2).to(corners.dtype)
