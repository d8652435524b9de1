# expect: same-padding wrong_value
"""Numbers are taken on trust."""


def same_padding(n, kernel, stride=1, dilation=1):
    outputs = -(-n // (stride or 1))
    total = max(0, (outputs - 1) * stride + dilation * (kernel - 1) + 1 - n)
    return total // 2, total - total // 2
