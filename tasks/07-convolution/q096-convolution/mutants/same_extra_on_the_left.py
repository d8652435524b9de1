# expect: same-padding wrong_value
"""The odd zero goes to the left."""


def same_padding(n, kernel, stride=1, dilation=1):
    if min(n, kernel, stride, dilation) < 1:
        raise ValueError("all arguments must be at least 1")
    outputs = -(-n // stride)
    total = max(0, (outputs - 1) * stride + dilation * (kernel - 1) + 1 - n)
    return total - total // 2, total // 2
