"""Computes in float64 and rounds once."""


def softmax(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.double()
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)
