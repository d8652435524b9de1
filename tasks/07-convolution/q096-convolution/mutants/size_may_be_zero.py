# expect: output-size wrong_value, conv2d wrong_value, conv-matrix wrong_value
"""A kernel that does not fit has no place, which is no error."""


def output_size(n, kernel, stride=1, padding=0, dilation=1):
    if min(n, kernel, stride, dilation) < 1 or padding < 0:
        raise ValueError("sizes, stride and dilation must be at least 1, padding at least 0")
    return max(0, (n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)
