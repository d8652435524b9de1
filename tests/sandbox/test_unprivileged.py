"""Lanes of an ordinary user: when the tests run as root, some of the conformance suite runs again as somebody else."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import pytest

import sandbox

REPOSITORY: Final = Path(sandbox.__file__).parent.parent
UID: Final = 1_234_567
SELECTED: Final = (
    "test_returned", "test_raised", "test_timed_out", "test_out_of_memory_by_one_big_allocation",
    "test_died_by_segfault", "test_half_a_frame", "test_cpu_time_counts_all_threads", "test_pinning",
    "test_scratch_bytes", "test_threads", "test_processes", "test_process_is_gone_after_a_run",
    "test_no_other_process_is_visible", "test_no_network", "test_no_host_files", "test_read_only",
    "test_no_privileges", "test_lanes_do_not_see_each_other",
)  # fmt: skip

#: Makes what lies in folders that only root may pass reachable, in mounts of its own; becomes the command as a user.
BECOME: Final = """
import os, sys
from pathlib import Path
from sandbox import kernel

uid, needed, command = int(sys.argv[1]), sys.argv[2].split(":"), sys.argv[3:]
kernel.unshare(kernel.CLONE_NEWNS)
kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
blocked = {}
for path in map(Path, needed):
    closed = [folder for folder in reversed(path.parents) if not folder.stat().st_mode & 1]
    if closed:
        blocked.setdefault(closed[0], []).append(path)
kernel.mount("tmpfs", "/mnt", "tmpfs", 0, "mode=755")
for folder, paths in blocked.items():
    for index, path in enumerate(paths):
        os.makedirs(f"/mnt{folder}/{index}")
        kernel.mount(str(path), f"/mnt{folder}/{index}", "", kernel.MS_BIND | kernel.MS_REC)
    kernel.mount("tmpfs", str(folder), "tmpfs", 0, "mode=755")
    for index, path in enumerate(paths):
        path.mkdir(parents=True)
        kernel.mount(f"/mnt{folder}/{index}", str(path), "", kernel.MS_BIND | kernel.MS_REC)
os.setgroups([])
os.setresgid(uid, uid, uid)
os.setresuid(uid, uid, uid)
os.execv(command[0], command)
"""


def as_somebody(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as an ordinary user who can read the interpreter, the packages and the repository."""
    needed = ":".join({sys.base_prefix, sys.prefix, str(REPOSITORY)})
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", BECOME, str(UID), needed, *command],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="the whole suite runs as an ordinary user already")
def test_conformance_as_an_ordinary_user() -> None:
    """Started by an ordinary user, lanes keep the same promises."""
    probe = as_somebody(sys.executable, "-c", "import os, sandbox, torch; print(os.getuid())")
    if probe.stdout.strip() != str(UID):
        pytest.skip(f"uid {UID} cannot use this Python and this repository: {probe.stderr.strip()[-300:]}")
    allowed = as_somebody("/usr/bin/unshare", "--user", "--map-root-user", "/bin/true")
    if allowed.returncode:
        pytest.skip(f"ordinary users may not make user namespaces here: {allowed.stderr.strip()}")
    tests = [f"tests/sandbox/test_conformance.py::{name}" for name in SELECTED]
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o777)
        done = as_somebody(sys.executable, "-m", "pytest", "-q", "--basetemp", f"{folder}/tests", *tests)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert f"{len(SELECTED)} passed" in done.stdout
