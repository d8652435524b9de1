# expect: path-counts wrong_value
"""A stride spreads the kernel of its own layer already."""


def path_counts(layers):
    counts, jump = [1], 1
    for kernel, stride, dilation in layers:
        if min(kernel, stride, dilation) < 1:
            raise ValueError("kernel, stride and dilation must be at least 1")
        jump = jump * stride
        step = jump * dilation
        wider = [0] * (len(counts) + step * (kernel - 1))
        for tap in range(kernel):
            for position, count in enumerate(counts):
                wider[position + tap * step] += count
        counts, jump = wider, jump
    return counts
