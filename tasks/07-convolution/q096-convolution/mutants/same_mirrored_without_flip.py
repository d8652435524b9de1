# expect: convolution wrong_value
"""Without the flip the odd zero of an even kernel changes sides."""


def convolve2d(x, kernel, mode="full", flip=True):
    if x.ndim != 2 or kernel.ndim != 2 or x.numel() == 0 or kernel.numel() == 0:
        raise ValueError("x and kernel must be matrices and not empty")
    if mode not in ("full", "same", "valid"):
        raise ValueError("unknown mode")
    (height, width), (kh, kw) = x.shape, kernel.shape
    if mode == "valid" and (kh > height or kw > width):
        raise ValueError("the kernel is larger than the input")
    if not flip:
        kernel = kernel.flip(0, 1)
    full = x.new_zeros(height + kh - 1, width + kw - 1)
    for u in range(kh):
        for v in range(kw):
            full[u : u + height, v : v + width] += kernel[u, v] * x
    if mode == "same":
        top, left = ((kh - 1) // 2, (kw - 1) // 2) if flip else (kh // 2, kw // 2)
        return full[top : top + height, left : left + width].clone()
    return full if mode == "full" else full[kh - 1 : height, kw - 1 : width].clone()
