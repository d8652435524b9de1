"""Is an object with __call__, not a function."""

import torch


class Softmax:
    def __init__(self, half=(torch.float16, torch.bfloat16)):
        self.half = half

    def __call__(self, x, dim=-1):
        if x.numel() == 0:
            return x.clone()
        wide = x.float() if x.dtype in self.half else x
        weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
        return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


softmax = Softmax()
