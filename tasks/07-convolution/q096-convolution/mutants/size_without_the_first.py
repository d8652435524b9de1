# expect: output-size wrong_value, conv2d exception, conv-matrix exception
"""The number of steps is taken for the number of places."""

size_checked = output_size


def output_size(n, kernel, stride=1, padding=0, dilation=1):
    size_checked(n, kernel, stride, padding, dilation)
    return max(1, (n + 2 * padding - dilation * (kernel - 1) - 1) // stride)
