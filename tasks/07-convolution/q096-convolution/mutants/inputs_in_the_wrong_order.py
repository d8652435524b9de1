# expect: input-sizes wrong_value
"""The layers are undone from the first to the last."""


def input_sizes(out, layers):
    if out < 1:
        raise ValueError("out must be at least 1")
    least = most = out
    for kernel, stride, padding, dilation in layers:
        if min(kernel, stride, dilation) < 1 or padding < 0:
            raise ValueError("kernel, stride and dilation must be at least 1, padding at least 0")
        span = dilation * (kernel - 1) + 1 - 2 * padding
        least, most = max(1, (least - 1) * stride + span), most * stride - 1 + span
        if most < 1:
            raise ValueError("no input is that small")
    return least, most
