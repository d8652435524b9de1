# expect: output-size wrong_value
"""Sizes are divided as floating-point numbers and cut off."""

size_checked = output_size


def output_size(n, kernel, stride=1, padding=0, dilation=1):
    size_checked(n, kernel, stride, padding, dilation)
    return int((n + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1
