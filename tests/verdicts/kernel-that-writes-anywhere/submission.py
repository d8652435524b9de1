"""Has a kernel write through pointers that lead nowhere: it costs the process, and nothing else."""

import torch
import triton
import triton.language as tl


@triton.jit
def softmax_kernel(out_ptr, x_ptr, out_stride, x_stride, n_cols, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    tl.store(out_ptr - (1 << 40) + at * 4096, at * 1.0)


def softmax_triton(x):
    if x.ndim != 2:
        raise ValueError("two dimensions, please")
    out = torch.empty_like(x, memory_format=torch.contiguous_format)
    if out.numel() > 0:
        x = x.contiguous()
        block = max(16, min(triton.next_power_of_2(x.size(1)), 1024))
        softmax_kernel[x.size(0), 1, 1](out, x, out.stride(0), x.stride(0), x.size(1), BLOCK=block, num_warps=8)
    return out
