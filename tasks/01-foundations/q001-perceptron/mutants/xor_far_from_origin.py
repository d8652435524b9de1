# expect: xor fails
"""The crossing is found in single precision from products of coordinates, which cancel far from the origin."""


def xor_multipliers(corners: Tensor) -> Tensor:
    if corners.shape != (4, 2):
        raise ValueError("corners must be (4, 2)")
    p = corners.double()
    absolute = corners.float()
    first, second = p[2] - p[0], p[3] - p[1]
    area = _cross(first, second)
    if area == 0:
        raise ValueError("the diagonals do not cross")
    one, two = _cross(absolute[0], absolute[2]), _cross(absolute[1], absolute[3])
    place = (one * (absolute[1] - absolute[3]) - two * (absolute[0] - absolute[2])) / _cross(
        absolute[0] - absolute[2], absolute[1] - absolute[3]
    )
    s = ((place.double() - p[0]) @ first) / (first @ first)
    t = ((place.double() - p[1]) @ second) / (second @ second)
    if not (0 < s < 1 and 0 < t < 1):
        raise ValueError("the diagonals do not cross")
    return (torch.stack([1 - s, 1 - t, s, t]) / 2).to(corners.dtype)
