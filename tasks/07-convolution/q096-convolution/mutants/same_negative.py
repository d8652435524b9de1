# expect: same-padding wrong_value
"""What is missing may be negative."""


def same_padding(n, kernel, stride=1, dilation=1):
    if min(n, kernel, stride, dilation) < 1:
        raise ValueError("all arguments must be at least 1")
    outputs = -(-n // stride)
    total = (outputs - 1) * stride + dilation * (kernel - 1) + 1 - n
    return total // 2, total - total // 2
