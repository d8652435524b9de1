# expect: softmax-triton forbidden
"""The kernel is written in Triton, and its one line is the softmax that Triton brings along."""


@triton.jit
def softmax_kernel(out_ptr, x_ptr, out_stride, x_stride, n_cols, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    cols = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * x_stride + cols, mask=cols < n_cols, other=float("-inf")).to(tl.float32)
    tl.store(out_ptr + row * out_stride + cols, tl.softmax(x).to(out_ptr.dtype.element_ty), mask=cols < n_cols)
