# expect: input-sizes wrong_value
"""Layers are taken on trust."""


def input_sizes(out, layers):
    if out < 1:
        raise ValueError("out must be at least 1")
    least = most = out
    for kernel, stride, padding, dilation in reversed(layers):
        span = dilation * (kernel - 1) + 1 - 2 * padding
        least, most = max(1, (least - 1) * stride + span), most * stride - 1 + span
        if most < 1:
            raise ValueError("no input is that small")
    return least, most
