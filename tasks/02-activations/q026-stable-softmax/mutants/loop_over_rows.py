# expect: softmax too_slow
"""Each slice is handled by a Python loop of its own instead of one pass over the tensor."""


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    if x.dim() < 2 or not x.numel():
        return _normalised(_shifted(wide, dim).exp(), dim).to(x.dtype)
    rows = wide.movedim(dim, -1)
    flat = rows.reshape(-1, x.size(dim))
    done = torch.empty_like(flat)
    for number, row in enumerate(flat):
        weights = torch.exp(row - torch.max(row))
        done[number] = weights / torch.sum(weights)
    return done.reshape(rows.shape).movedim(-1, dim).to(x.dtype)
