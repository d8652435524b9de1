"""Compiles its function with TorchScript."""

import torch


@torch.jit.script
def core(x: torch.Tensor, dim: int) -> torch.Tensor:
    weights = torch.exp(x - x.detach().amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


def softmax(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    return core(x.float() if x.dtype in (torch.float16, torch.bfloat16) else x, dim).to(x.dtype)
