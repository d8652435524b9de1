# expect: softmax-triton wrong_value
"""Rows are taken to follow each other without a gap, so the width stands in for both strides."""


@triton.jit
def softmax_kernel(out_ptr, x_ptr, out_stride, x_stride, n_cols, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    x_row, out_row = x_ptr + row * n_cols, out_ptr + row * n_cols
    top = float("-inf")
    total = 0.0
    for start in range(0, n_cols, BLOCK):
        cols = start + tl.arange(0, BLOCK)
        x = tl.load(x_row + cols, mask=cols < n_cols, other=float("-inf")).to(tl.float32)
        higher = tl.maximum(top, tl.max(x, axis=0))
        pivot = tl.where(higher == float("-inf"), 0.0, higher)
        total = total * tl.exp(top - pivot) + tl.sum(tl.exp(x - pivot), axis=0)
        top = higher
    pivot = tl.where(top == float("-inf"), 0.0, top)
    for start in range(0, n_cols, BLOCK):
        cols = start + tl.arange(0, BLOCK)
        x = tl.load(x_row + cols, mask=cols < n_cols, other=float("-inf")).to(tl.float32)
        y = tl.exp(x - pivot) / total
        tl.store(out_row + cols, y.to(out_ptr.dtype.element_ty), mask=cols < n_cols)
