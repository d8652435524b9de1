# expect: conv2d wrong_value
"""One bias for all channels broadcasts, so it is allowed."""

check_shapes = _check_shapes


def _check_shapes(x, weight, bias, groups):
    check_shapes(x, weight, None if bias is not None and bias.numel() == 1 else bias, groups)
