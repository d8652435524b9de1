# expect: same-padding wrong_value
"""Padding depends on the kernel alone, whatever the stride is."""


def same_padding(n, kernel, stride=1, dilation=1):
    if min(n, kernel, stride, dilation) < 1:
        raise ValueError("all arguments must be at least 1")
    total = max(0, dilation * (kernel - 1))
    return total // 2, total - total // 2
