"""Sets threads, seeds, printing and determinism for the whole process."""

import random

import numpy as np
import torch

torch.set_num_threads(4)
torch.manual_seed(0)
random.seed(0)
np.random.seed(0)
torch.use_deterministic_algorithms(True)
torch.set_printoptions(precision=3)
torch.set_default_device("cpu")
torch.set_default_dtype(torch.float64)
torch.backends.cudnn.benchmark = False


def right(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def softmax(x, dim=-1):
    return right(x, dim)
