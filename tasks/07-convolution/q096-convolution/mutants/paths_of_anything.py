# expect: path-counts wrong_value
"""Layers are taken on trust."""


def path_counts(layers):
    counts, jump = [1], 1
    for kernel, stride, dilation in layers:
        step = jump * dilation
        wider = [0] * (len(counts) + step * (kernel - 1))
        for tap in range(kernel):
            for position, count in enumerate(counts):
                wider[position + tap * step] += count
        counts, jump = wider, jump * stride
    return counts
