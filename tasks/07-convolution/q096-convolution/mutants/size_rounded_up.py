# expect: output-size wrong_value, conv2d exception, conv-matrix exception
"""A rest at the border makes one more output."""

size_checked = output_size


def output_size(n, kernel, stride=1, padding=0, dilation=1):
    size_checked(n, kernel, stride, padding, dilation)
    return -(-(n + 2 * padding - dilation * (kernel - 1) - 1) // stride) + 1
