"""Is slow while threads come and go, so that whoever lists them to measure it finds some gone."""

import threading

import torch


def churn():
    while True:
        worker = threading.Thread(target=int)
        worker.start()
        worker.join()


for _ in range(4):
    threading.Thread(target=churn, daemon=True).start()


def right(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def softmax(x, dim=-1):
    for _ in range(150):
        x.exp()
    return right(x, dim)
