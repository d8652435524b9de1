"""Calls it under autocast, inference mode and no_grad."""

import torch


def softmax(x, dim=-1):
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        return super(torch.Tensor, x).softmax(dim)
