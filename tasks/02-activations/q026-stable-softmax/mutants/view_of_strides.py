# expect: softmax exception
"""Every tensor is believed to be contiguous, so view folds it into rows."""


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    if x.dim() == 0 or not x.numel():
        return _normalised(_shifted(wide, dim).exp(), dim).to(x.dtype)
    last = wide.movedim(dim, -1)
    rows = last.view(-1, x.size(dim))
    return _normalised(_shifted(rows, -1).exp(), -1).view(last.shape).movedim(-1, dim).to(x.dtype)
