# expect: output-size wrong_value, conv2d exception
"""A dilated kernel spans dilation times its size."""

size_checked = output_size


def output_size(n, kernel, stride=1, padding=0, dilation=1):
    size_checked(n, kernel, stride, padding, dilation)
    return max(1, (n + 2 * padding - dilation * kernel) // stride + 1)
