# expect: output-size wrong_value, conv2d exception, conv-matrix wrong_value
"""Settings are taken on trust; only a kernel that is too large is noticed."""


def output_size(n, kernel, stride=1, padding=0, dilation=1):
    room = n + 2 * padding - (dilation * (kernel - 1) + 1)
    if room < 0:
        raise ValueError("the kernel is larger than the padded input")
    return room // stride + 1
