# expect: softmax-triton wrong_dtype
"""The answer is allocated in the precision the kernel computes in, whatever the dtype of the logits."""


def softmax_triton(x: Tensor) -> Tensor:
    if x.dim() != 2:
        raise ValueError(f"x must be (N, C), got {tuple(x.shape)}")
    if x.stride(1) != 1:
        x = x.contiguous()
    out = torch.empty(x.shape, dtype=torch.float32, device=x.device)
    if out.numel():
        rows, cols = x.shape
        block = min(triton.next_power_of_2(cols), LARGEST_BLOCK)
        softmax_kernel[(rows,)](out, x, out.stride(0), x.stride(0), cols, BLOCK=block)
    return out
