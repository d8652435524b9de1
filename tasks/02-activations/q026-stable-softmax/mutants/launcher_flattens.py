# expect: softmax-triton wrong_value
"""Logits of any shape are flattened to rows, where the statement asks for a refusal."""


def softmax_triton(x: Tensor) -> Tensor:
    rows = x.reshape(-1, x.shape[-1] if x.dim() else 1).contiguous() if x.numel() else x
    out = torch.empty(rows.shape, dtype=x.dtype, device=x.device)
    if out.numel():
        block = min(triton.next_power_of_2(rows.shape[1]), LARGEST_BLOCK)
        softmax_kernel[(rows.shape[0],)](out, rows, out.stride(0), rows.stride(0), rows.shape[1], BLOCK=block)
    return out.reshape(x.shape)
