# expect: same-padding wrong_value
"""The number of outputs is rounded up by a division of floating-point numbers."""


def same_padding(n, kernel, stride=1, dilation=1):
    if min(n, kernel, stride, dilation) < 1:
        raise ValueError("all arguments must be at least 1")
    outputs = int(torch.tensor(n / stride, dtype=torch.float64).ceil())
    total = max(0, (outputs - 1) * stride + dilation * (kernel - 1) + 1 - n)
    return total // 2, total - total // 2
