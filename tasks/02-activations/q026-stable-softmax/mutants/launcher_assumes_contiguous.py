# expect: softmax-triton wrong_value
"""The stride between rows is passed on, and elements within a row are taken to be neighbours in memory."""


def softmax_triton(x: Tensor) -> Tensor:
    if x.dim() != 2:
        raise ValueError(f"x must be (N, C), got {tuple(x.shape)}")
    out = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    if out.numel():
        rows, cols = x.shape
        block = min(triton.next_power_of_2(cols), LARGEST_BLOCK)
        softmax_kernel[(rows,)](out, x, out.stride(0), x.stride(0), cols, BLOCK=block)
    return out
