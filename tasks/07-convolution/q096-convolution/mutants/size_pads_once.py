# expect: output-size wrong_value, conv2d exception, conv-matrix exception
"""Padding is counted once, as if it were the sum of both sides."""

size_checked = output_size


def output_size(n, kernel, stride=1, padding=0, dilation=1):
    size_checked(n, kernel, stride, padding, dilation)
    return max(1, (n + padding - dilation * (kernel - 1) - 1) // stride + 1)
