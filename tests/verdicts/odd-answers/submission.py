"""Answers every question of any task with another value that no test expects."""

import math

import numpy as np
import torch


class Thing:
    pass


ANSWERS = [
    None, -1, 2**70, -(2**5000), 10**400, 1.5, math.nan, math.inf, 1j, True, "", "x" * 1000, "\ud800", b"\xff" * 100,
    [], (), {}, [None], [[]], [1, 2, 3], (1, 2), {"a": 1}, {1: 2, (1, 2): 3, None: 4}, {math.nan: 1}, Thing(), [Thing()],
    {Thing(): Thing()}, range(3), {1, 2}, iter([]), Ellipsis, NotImplemented, type, len, Exception("x"),
    torch.tensor(0.0), torch.tensor([]), torch.zeros(0, 5), torch.zeros(1), torch.zeros(5, 7), torch.zeros(2, 3, 4, 5, 6),
    torch.full((4, 4), math.nan), torch.full((4, 4), math.inf), torch.empty(2**40, 0), torch.zeros(70_000, 1),
    *(torch.zeros(4, dtype=getattr(torch, name)) for name in (
        "int64", "bool", "uint8", "uint16", "uint64", "float16", "bfloat16", "float8_e4m3fn", "complex32", "complex64",
    )),
    torch.zeros(1).expand(1000, 1000), torch.zeros(5, 5).t()[::2], torch.zeros(3, 3).to_sparse(), torch.randn(64, 1, 1, 1, 64),
    torch.zeros(3, requires_grad=True), torch.nn.Parameter(torch.zeros(2)),
    np.zeros(3), np.zeros((2, 2), dtype=">f4"), np.float32(1), np.float64(2), np.int8(3), np.bool_(True), np.complex64(1),
    np.array("x"), np.array([Thing()], dtype=object), np.zeros(0), np.longdouble(1), np.datetime64("2020-01-01"),
    (torch.zeros(2), torch.zeros(2)), [torch.zeros(2)] * 3, {"a": torch.zeros(2)}, (torch.zeros(5, 3), (None, 1)),
    [[1.0, 2.0], [3.0]], ("a", "b"), [torch.zeros(3, dtype=torch.bool)] * 2,
]  # fmt: skip
calls = 0


def answer(*args, **kwargs):
    global calls
    calls += 1
    return ANSWERS[calls * 7 % len(ANSWERS)]


class Answers:
    """Where a class is asked for: its attributes and methods are answers too."""

    def __init__(self, *args, **kwargs):
        self.param_groups = answer()

    def __getattr__(self, name):
        return answer


softmax = answer


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Answers if name[0].isupper() else answer
