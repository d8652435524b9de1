"""Leaves marks in modules, classes, the environment and threads, and answers wrongly if it finds some."""

import os
import random
import sys
import threading

import numpy as np
import torch

found = [
    "LEFT_BEHIND" in os.environ,
    hasattr(torch, "left_behind"),
    hasattr(torch.Tensor, "left_behind"),
    hasattr(sys, "left_behind"),
    threading.active_count() > 1,
    torch.get_default_dtype() != torch.float32,
    torch.get_num_threads() != 1,
    not torch.is_grad_enabled(),
    os.getcwd() != "/tmp",
    os.umask(0o077) == 0o123,
    sys.getrecursionlimit() != 1000,
    torch.are_deterministic_algorithms_enabled(),
    len(os.listdir("/proc/self/fd")) > 6,
]

os.environ["LEFT_BEHIND"] = "1"
torch.left_behind = torch.Tensor.left_behind = sys.left_behind = True
os.umask(0o123)
sys.setrecursionlimit(1234)
random.seed(0)
np.random.seed(0)
torch.manual_seed(0)
threading.Thread(target=threading.Event().wait, daemon=True).start()
descriptors = [os.open("/dev/null", os.O_RDONLY) for _ in range(9)]


def right(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def softmax(x, dim=-1):
    return x * 0 if any(found) else right(x, dim)
