"""What a candidate's process sees: a Python with torch, and nothing to attack with or to learn from."""

from __future__ import annotations

import stat
import tarfile
from pathlib import PurePosixPath

import pytest

from tests.images import secrets
from tests.images.conftest import Built

PYTHON = ("/usr/bin/python3.11", "-B", "-s", "-P", "-c")
TOOLS = {
    "sh",
    "bash",
    "dash",
    "busybox",
    "apt",
    "apt-get",
    "dpkg",
    "rpm",
    "perl",
    "gcc",
    "cc",
    "tcc",
    "clang",
    "ld",
    "as",
}
TOOLS |= {"pip", "pip3", "su", "sudo", "mount", "env", "ls", "cat", "ldd", "ldconfig", "curl", "wget", "git"}


def test_no_secrets(lane: Built) -> None:
    """No hidden test, reference, mutant or note is in it, under whatever name."""
    assert not secrets.found(lane.entries)


def test_nothing_of_a_task(lane: Built) -> None:
    """Not even what a candidate may read is in it: no statement, no starter, no public test."""
    known = secrets.digests(secret=False)
    assert not [entry.path for entry in lane.entries if entry.digest in known]


def test_no_grader(lane: Built) -> None:
    """Of this repository it holds the package `sandbox` alone."""
    ours = {PurePosixPath(entry.path).parts[2] for entry in lane.entries if entry.path.startswith("/forwardpass/")}
    assert ours == {"sandbox"}
    assert not [entry.path for entry in lane.entries if {"grader", "_tasks"} & set(entry.path.split("/"))]


def test_no_tools(lane: Built) -> None:
    """It holds no shell, package manager, compiler or other tool."""
    assert not [entry.path for entry in lane.entries if entry.name in TOOLS and not entry.path.startswith("/site/")]
    assert not [entry.path for entry in lane.entries if entry.path in {"/site/pip", "/usr/lib/python3.11/ensurepip"}]


def test_only_programs(lane: Built) -> None:
    """Where programs lie, there is Python, and what torch cannot be imported without."""
    programs = {entry.path for entry in lane.files() if PurePosixPath(entry.path).parent.name in {"bin", "sbin"}}
    assert programs == {"/usr/bin/python3.11", "/site/torch/bin/torch_shm_manager"}


def test_only_tmp(lane: Built) -> None:
    """Nothing but /tmp is writable by all."""
    writable = {e.path for e in lane.entries if e.mode & stat.S_IWOTH and e.kind != tarfile.SYMTYPE}
    assert writable <= {"/tmp", "/dev/shm"}


def test_grades_under_confinement(lane: Built) -> None:
    """With a read-only root, no network and no capability its Python imports torch and computes a softmax."""
    code = (
        "import os, torch, torch.optim, torch.utils.checkpoint, numpy\n"
        "print(os.getuid(), torch.get_num_threads(), torch.softmax(torch.zeros(4), -1).numpy().tolist())"
    )
    assert lane.run(*PYTHON, code).strip() == "65534 1 [0.25, 0.25, 0.25, 0.25]"


def test_zygote_is_there(lane: Built) -> None:
    """What it starts by itself is the zygote, which can be imported without torch."""
    entrypoint = lane.image.attrs["Config"]["Entrypoint"]
    assert entrypoint == [*PYTHON[:-1], "-m", "sandbox.zygote"]
    assert lane.run(*PYTHON, "import sys, sandbox.zygote; print('torch' in sys.modules)").strip() == "False"


def test_bytecode(lane: Built) -> None:
    """Everything imported is compiled ahead, and no import looks at its source: the root is read-only."""
    code = (
        "import sys, torch, sandbox.zygote\n"
        "files = [getattr(module, '__cached__', None) for module in list(sys.modules.values())]\n"
        "files = [file for file in files if isinstance(file, str)]\n"
        "flags = {open(f, 'rb').read(8)[4] for f in files}\n"
        "print(len(files) > 500, flags)"
    )
    assert lane.run(*PYTHON, code).strip() == "True {1}"


def test_label(lane: Built) -> None:
    """Its label is the digest of the package `sandbox` in it."""
    label = lane.image.labels["forwardpass.sandbox.digest"]
    if not label:
        pytest.skip("built without SANDBOX_DIGEST: .ci/engine.sh says it")
    code = (
        "import hashlib, pathlib; files = sorted(pathlib.Path('/forwardpass/sandbox').glob('*.py'))\n"
        "texts = [file.name.encode() + bytes(1) + file.read_bytes() + bytes(1) for file in files]\n"
        "print(hashlib.sha256(b''.join(texts)).hexdigest())"
    )
    assert lane.run(*PYTHON, code).strip() == label
