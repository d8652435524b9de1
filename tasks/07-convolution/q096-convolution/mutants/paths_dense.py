# expect: path-counts wrong_value
"""A dilated kernel sees everything it spans."""


def path_counts(layers):
    counts, jump = [1], 1
    for kernel, stride, dilation in layers:
        if min(kernel, stride, dilation) < 1:
            raise ValueError("kernel, stride and dilation must be at least 1")
        kernel, step = dilation * (kernel - 1) + 1, jump
        wider = [0] * (len(counts) + step * (kernel - 1))
        for tap in range(kernel):
            for position, count in enumerate(counts):
                wider[position + tap * step] += count
        counts, jump = wider, jump * stride
    return counts
