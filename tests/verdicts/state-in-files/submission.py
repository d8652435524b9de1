"""Leaves files wherever it can and answers wrongly if it finds those of an earlier run."""

import os
import tempfile

import torch

PLACES = [
    "/tmp",
    "/dev/shm",
    "/var/tmp",
    "/run",
    "/",
    ".",
    os.path.expanduser("~"),
    tempfile.gettempdir(),
    "/site",
    "/python",
]
found = [place for place in PLACES if os.path.exists(os.path.join(place, "left-behind"))]
found += [name for name in os.listdir("/tmp")]
for place in PLACES:
    try:
        with open(os.path.join(place, "left-behind"), "w") as file:
            file.write("here I was")
        os.symlink("/proc/1/root", os.path.join(place, "link"))
    except OSError:
        continue


def right(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def softmax(x, dim=-1):
    return x * 0 if found else right(x, dim)
