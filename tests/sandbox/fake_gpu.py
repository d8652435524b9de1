"""A program in `nvidia-smi`'s place, for tests on machines without a GPU."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sandbox.gpu import Gpu

ONE = Gpu(0, "GPU-aaaa", "NVIDIA H100 80GB HBM3", 81559, "570.1")
TWO = Gpu(1, "GPU-bbbb", "NVIDIA H100 80GB HBM3", 81559, "570.1")
LISTED = """\
GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-aaaa)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-bbbb)
"""
QUERIED = """\
0, GPU-aaaa, NVIDIA H100 80GB HBM3, 81559, 570.1
1, GPU-bbbb, NVIDIA H100 80GB HBM3, 81559, 570.1
"""


def install(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Put a shell script first on PATH under the name of the driver's program."""
    program = folder / "bin" / "nvidia-smi"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    monkeypatch.setenv("PATH", os.pathsep.join([str(program.parent), os.environ["PATH"]]))


def answering(listed: str = LISTED, queried: str = QUERIED) -> str:
    """A script that answers what discovery asks."""
    return f'case "$1" in\n-L) cat <<"END"\n{listed}END\n;;\n--query-gpu=*) cat <<"END"\n{queried}END\n;;\nesac'


def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the driver's program."""
    monkeypatch.setenv("PATH", "/nonexistent")
