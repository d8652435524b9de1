# expect: same-padding wrong_value
"""The number of outputs is the size over the stride, rounded down."""


def same_padding(n, kernel, stride=1, dilation=1):
    if min(n, kernel, stride, dilation) < 1:
        raise ValueError("all arguments must be at least 1")
    outputs = max(1, n // stride)
    total = max(0, (outputs - 1) * stride + dilation * (kernel - 1) + 1 - n)
    return total // 2, total - total // 2
