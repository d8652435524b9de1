"""Wraps its function in decorators that check, count and time."""

import contextlib
import functools
import time

import torch

times = []


def timed(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        started = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            times.append(time.perf_counter() - started)

    return wrapper


def checked(function):
    @functools.wraps(function)
    def wrapper(x, dim=-1):
        if not torch.is_tensor(x):
            raise TypeError("a tensor, please")
        return function(x, dim)

    wrapper.calls = 0
    return wrapper


@contextlib.contextmanager
def precise(x):
    yield x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


@timed
@checked
def softmax(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    with precise(x) as wide:
        weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
        return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)
