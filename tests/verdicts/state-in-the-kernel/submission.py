"""Leaves sockets, locks, keys and shared memory behind, and answers wrongly if it finds any."""

import fcntl
import multiprocessing.shared_memory as shared
import os
import socket

import torch

found = []


def attempt(work):
    try:
        return work()
    except Exception:
        return None


def listen():
    server = socket.socket(socket.AF_UNIX)
    server.bind("\0left-behind")
    server.listen()
    return server


def connect():
    client = socket.socket(socket.AF_UNIX)
    client.connect("\0left-behind")
    found.append("a socket")


def lock(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        found.append("a lock")
    return descriptor


attempt(connect)
attempt(lambda: found.append(shared.SharedMemory("left_behind", create=False)))
kept = [
    attempt(listen),
    attempt(lambda: shared.SharedMemory("left_behind", create=True, size=4096)),
    attempt(lambda: lock(torch.__file__)),
    attempt(lambda: os.memfd_create("left")),
]


def right(x, dim=-1):
    if x.numel() == 0:
        return x.clone()
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    weights = (wide - wide.detach().amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def softmax(x, dim=-1):
    return x * 0 if found else right(x, dim)
