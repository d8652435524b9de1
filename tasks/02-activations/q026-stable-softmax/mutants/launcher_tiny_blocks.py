# expect: softmax-triton too_slow
"""Sixty-four logits at a time are thought to be plenty for a processor that has thousands of threads."""


def softmax_triton(x: Tensor) -> Tensor:
    if x.dim() != 2:
        raise ValueError(f"x must be (N, C), got {tuple(x.shape)}")
    if x.stride(1) != 1:
        x = x.contiguous()
    out = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    if out.numel():
        rows, cols = x.shape
        block = min(triton.next_power_of_2(cols), 64)
        softmax_kernel[(rows,)](out, x, out.stride(0), x.stride(0), cols, BLOCK=block)
    return out
