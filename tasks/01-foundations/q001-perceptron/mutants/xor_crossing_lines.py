# expect: xor wrong_value
"""The diagonals are prolonged to lines, which cross for almost any four points."""


def xor_multipliers(corners: Tensor) -> Tensor:
    if corners.shape != (4, 2):
        raise ValueError("corners must be (4, 2)")
    p = corners.double()
    first, second, apart = p[2] - p[0], p[3] - p[1], p[1] - p[0]
    area = _cross(first, second)
    if area == 0:
        raise ValueError("the diagonals do not cross")
    s, t = _cross(apart, second) / area, _cross(apart, first) / area
    return (torch.stack([1 - s, 1 - t, s, t]) / 2).to(corners.dtype)
