# expect: softmax-triton wrong_value
"""Half-precision logits lose their maximum in their own dtype, and are widened for the exponential only."""


@triton.jit
def softmax_kernel(out_ptr, x_ptr, out_stride, x_stride, n_cols, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    x_row, out_row = x_ptr + row * x_stride, out_ptr + row * out_stride
    top = float("-inf")
    total = 0.0
    for start in range(0, n_cols, BLOCK):
        cols = start + tl.arange(0, BLOCK)
        x = tl.load(x_row + cols, mask=cols < n_cols, other=float("-inf"))
        higher = tl.maximum(top, tl.max(x, axis=0).to(tl.float32))
        pivot = tl.where(higher == float("-inf"), 0.0, higher)
        total = total * tl.exp(top - pivot) + tl.sum(tl.exp((x - pivot.to(x.dtype)).to(tl.float32)), axis=0)
        top = higher
    pivot = tl.where(top == float("-inf"), 0.0, top)
    for start in range(0, n_cols, BLOCK):
        cols = start + tl.arange(0, BLOCK)
        x = tl.load(x_row + cols, mask=cols < n_cols, other=float("-inf"))
        y = tl.exp((x - pivot.to(x.dtype)).to(tl.float32)) / total
        tl.store(out_row + cols, y.to(out_ptr.dtype.element_ty), mask=cols < n_cols)
