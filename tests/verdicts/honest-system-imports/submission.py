"""Imports os, sys, pathlib, time and tempfile, and uses them as one does."""

import os
import pathlib
import platform
import sys
import tempfile
import time

import torch

VERBOSE = bool(os.environ.get("VERBOSE"))
if sys.version_info < (3, 8):
    raise RuntimeError("too old")
HERE = pathlib.Path.cwd() / "notes.txt"


def right(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def softmax(x, dim=-1):
    if VERBOSE:
        print(platform.machine(), time.time(), os.path.join("a", "b"))
    with tempfile.NamedTemporaryFile("w+") as file:
        file.write(f"{tuple(x.shape)} {dim}")
    return right(x, dim)
