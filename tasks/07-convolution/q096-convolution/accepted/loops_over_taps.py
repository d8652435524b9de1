"""Loops over the elements of kernels that add shifted images, groups one by one, and ranges walked place by place."""

from collections import Counter

import torch


def places(n, kernel, stride, padding, dilation):
    if n < 1 or kernel < 1 or stride < 1 or padding < 0 or dilation < 1:
        raise ValueError("out of range")
    last = n + 2 * padding - 1 - dilation * (kernel - 1)
    if last < 0:
        raise ValueError("the kernel does not fit")
    return range(0, last + 1, stride)


def output_size(n, kernel, stride=1, padding=0, dilation=1):
    reach = places(n, kernel, stride, padding, dilation)
    return (reach.stop - reach.start + reach.step - 1) // reach.step


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    if x.ndim != 4 or weight.ndim != 4:
        raise ValueError("four dimensions")
    stride, padding, dilation = ((v, v) if isinstance(v, int) else v for v in (stride, padding, dilation))
    outputs, channels = weight.shape[:2]
    if groups < 1 or outputs % groups or x.shape[1] != channels * groups:
        raise ValueError("channels and groups")
    if bias is not None and (bias.ndim != 1 or len(bias) != outputs):
        raise ValueError("bias")
    kernel, images = weight.shape[2:], x.shape[2:]
    height, width = (output_size(*args) for args in zip(images, kernel, stride, padding, dilation))
    x = torch.nn.functional.pad(x, [padding[1]] * 2 + [padding[0]] * 2)
    per, parts = outputs // groups, []
    for g in range(groups):
        own = x[:, g * channels : (g + 1) * channels]
        part = 0
        for u in range(kernel[0]):
            for v in range(kernel[1]):
                top, left = u * dilation[0], v * dilation[1]
                seen = own[:, :, top :: stride[0], left :: stride[1]][:, :, :height, :width]
                mixed = weight[g * per : (g + 1) * per, :, u, v] @ seen.flatten(2)
                part = part + mixed.reshape(len(x), per, height, width)
        parts.append(part)
    out = parts[0] if groups == 1 else torch.cat(parts, 1)
    return out if bias is None else out + bias.reshape(-1, 1, 1)


def convolve2d(x, kernel, mode="full", flip=True):
    if x.ndim != 2 or kernel.ndim != 2 or min(*x.shape, *kernel.shape) == 0:
        raise ValueError("matrices")
    (h, w), (kh, kw) = x.shape, kernel.shape
    if mode not in {"full", "same", "valid"} or (mode == "valid" and (kh > h or kw > w)):
        raise ValueError("mode")
    turned = kernel.flip(0, 1) if flip else kernel
    padded = torch.zeros(h + 2 * kh - 2, w + 2 * kw - 2, dtype=x.dtype)
    padded[kh - 1 : kh - 1 + h, kw - 1 : kw - 1 + w] = x
    rows = range(h + kh - 1)
    columns = range(w + kw - 1)
    if mode == "same":
        rows, columns = rows[(kh - 1) // 2 :][:h], columns[(kw - 1) // 2 :][:w]
    if mode == "valid":
        rows, columns = range(kh - 1, h), range(kw - 1, w)
    return torch.stack([torch.stack([(padded[i : i + kh, j : j + kw] * turned).sum() for j in columns]) for i in rows])


def same_padding(n, kernel, stride=1, dilation=1):
    if min(n, kernel, stride, dilation) <= 0:
        raise ValueError("out of range")
    start_of_last = (n - 1) // stride * stride
    missing = max(start_of_last + dilation * (kernel - 1) - (n - 1), 0)
    left = missing // 2
    return left, missing - left


def conv_matrix(weight, height, width, stride=1, padding=0):
    if weight.ndim != 4:
        raise ValueError("four dimensions")
    outputs, channels, kh, kw = weight.shape
    zero = torch.zeros(outputs, channels, dtype=weight.dtype)
    rows = []
    for top in places(height, kh, stride, padding, 1):
        for left in places(width, kw, stride, padding, 1):
            row = []
            for y in range(padding, padding + height):
                for x in range(padding, padding + width):
                    inside = 0 <= y - top < kh and 0 <= x - left < kw
                    row.append(weight[:, :, y - top, x - left] if inside else zero)
            rows.append(torch.stack(row, -1))
    matrix = torch.stack(rows, 1)
    return matrix.reshape(outputs * len(rows), channels * height * width)


def path_counts(layers):
    here = Counter({0: 1})
    for kernel, stride, dilation in reversed(layers):
        if kernel < 1 or stride < 1 or dilation < 1:
            raise ValueError("out of range")
        below = Counter()
        for place, count in here.items():
            for tap in range(kernel):
                below[place * stride + tap * dilation] += count
        here = below
    return [here[place] for place in range(max(here) + 1)]


def input_sizes(out, layers):
    if out <= 0:
        raise ValueError("out of range")
    return ends(out, out, list(layers))


def ends(smallest, largest, layers):
    """The range of inputs for a range of outputs, one layer at a time from the last."""
    if not layers:
        return smallest, largest
    kernel, stride, padding, dilation = layers[-1]
    if kernel < 1 or stride < 1 or padding < 0 or dilation < 1:
        raise ValueError("out of range")
    first = dilation * (kernel - 1) + 1 - 2 * padding
    low, high = first + (smallest - 1) * stride, first + (largest - 1) * stride + stride - 1
    if high < 1:
        raise ValueError("no such size")
    return ends(max(low, 1), high, layers[:-1])
