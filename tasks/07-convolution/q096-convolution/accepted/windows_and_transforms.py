"""Strided windows with one einsum, Fourier transforms, unit impulses, and polynomials as big numbers."""

import torch


def both(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    if x.dim() != 4 or weight.dim() != 4:
        raise ValueError("four dimensions are needed")
    (sh, sw), (ph, pw), (dh, dw) = both(stride), both(padding), both(dilation)
    n, c, h, w = x.shape
    o, per, kh, kw = weight.shape
    if groups < 1 or o % groups != 0 or per * groups != c:
        raise ValueError("groups")
    if bias is not None and tuple(bias.shape) != (o,):
        raise ValueError("bias")
    if min(sh, sw, dh, dw) < 1 or min(ph, pw) < 0:
        raise ValueError("settings")
    padded = x.new_zeros(n, c, h + 2 * ph, w + 2 * pw)
    padded[:, :, ph : ph + h, pw : pw + w] = x
    span_h, span_w = (kh - 1) * dh + 1, (kw - 1) * dw + 1
    if span_h > padded.shape[2] or span_w > padded.shape[3]:
        raise ValueError("kernel too large")
    windows = padded.unfold(2, span_h, sh).unfold(3, span_w, sw)[..., ::dh, ::dw]
    windows = windows.reshape(n, groups, per, *windows.shape[2:])
    out = torch.einsum("ngcijuv,gocuv->ngoij", windows, weight.reshape(groups, o // groups, per, kh, kw))
    out = out.reshape(n, o, *out.shape[3:])
    return out if bias is None else out + bias.view(1, o, 1, 1)


def output_size(n, kernel, stride=1, padding=0, dilation=1):
    if n < 1 or kernel < 1 or stride < 1 or dilation < 1 or padding < 0:
        raise ValueError("out of range")
    size = (n + 2 * padding - dilation * (kernel - 1) - 1 + stride) // stride
    if size < 1:
        raise ValueError("does not fit")
    return size


def convolve2d(x, kernel, mode="full", flip=True):
    if x.dim() != 2 or kernel.dim() != 2 or 0 in x.shape or 0 in kernel.shape:
        raise ValueError("matrices")
    h, w = x.shape
    kh, kw = kernel.shape
    a, b = x.double(), kernel.double()
    if not flip:
        b = torch.flip(b, (0, 1))
    size = (h + kh - 1, w + kw - 1)
    full = torch.fft.irfft2(torch.fft.rfft2(a, size) * torch.fft.rfft2(b, size), size).to(x.dtype)
    if mode == "full":
        return full
    if mode == "same":
        return full.narrow(0, (kh - 1) // 2, h).narrow(1, (kw - 1) // 2, w)
    if mode == "valid" and h >= kh and w >= kw:
        return full.narrow(0, kh - 1, h - kh + 1).narrow(1, kw - 1, w - kw + 1)
    raise ValueError("mode or size")


def same_padding(n, kernel, stride=1, dilation=1):
    if n < 1 or kernel < 1 or stride < 1 or dilation < 1:
        raise ValueError("out of range")
    left_over = n % stride or stride
    total = dilation * (kernel - 1) + 1 - left_over
    if total <= 0:
        return 0, 0
    return total // 2, (total + 1) // 2


def conv_matrix(weight, height, width, stride=1, padding=0):
    if weight.dim() != 4 or height < 1 or width < 1:
        raise ValueError("shapes")
    channels = weight.shape[1]
    impulses = torch.eye(channels * height * width, dtype=weight.dtype).reshape(-1, channels, height, width)
    return conv2d(impulses, weight, None, stride, padding).flatten(1).t()


def path_counts(layers):
    # a polynomial evaluated at a power of two so large that its coefficients cannot touch
    bits, total, jump, reach = 1, 1, 1, 0
    for kernel, stride, dilation in layers:
        if kernel < 1 or stride < 1 or dilation < 1:
            raise ValueError("out of range")
        bits += kernel.bit_length()
    for kernel, stride, dilation in layers:
        total *= sum(1 << (bits * jump * dilation * tap) for tap in range(kernel))
        reach += jump * dilation * (kernel - 1)
        jump *= stride
    mask = (1 << bits) - 1
    return [(total >> (bits * place)) & mask for place in range(reach + 1)]


def input_sizes(out, layers):
    if out < 1 or any(k < 1 or s < 1 or p < 0 or d < 1 for k, s, p, d in layers):
        raise ValueError("out of range")

    def outputs(n):
        for k, s, p, d in layers:
            n = max(0, (n + 2 * p - d * (k - 1) - 1) // s + 1) if n > 0 else 0
        return n

    def first(goal):
        """The smallest size with at least so many outputs, by doubling and halving."""
        high = 1
        while outputs(high) < goal:
            high *= 2
        low = 0
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if outputs(middle) >= goal else (middle, high)
        return high

    least, most = first(out), first(out + 1) - 1
    if least > most:
        raise ValueError("no such size")
    return least, most
