"""The Linux calls, each in a process of its own."""

from __future__ import annotations

import mmap
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import kernel

REPOSITORY = Path(kernel.__file__).parent.parent


def in_a_process(code: str) -> subprocess.CompletedProcess[str]:
    """Execute code in a process that it may ruin."""
    return subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_errors_name_what_was_tried() -> None:
    """A refused call raises OSError with its code and what was tried."""
    with pytest.raises(OSError, match="mount nonsense on /nowhere") as caught:
        kernel.mount("none", "/nowhere", "nonsense", 0)
    assert caught.value.errno is not None
    with pytest.raises(OSError, match="setns"):
        kernel.setns(-1, 0)
    with pytest.raises(OSError, match="unshare"):
        kernel.unshare(0x7)


def test_private_bytes() -> None:
    """Private memory grows by what is allocated."""
    before = kernel.private_bytes()
    with mmap.mmap(-1, 50 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS):
        assert 50 << 20 <= kernel.private_bytes() - before < 60 << 20


def test_private_bytes_by_another_file() -> None:
    """Where the faster file says nothing, the other one says the same, but for the stack."""
    assert 0 <= kernel.private_bytes() - kernel._private_bytes_by_status() < 16 << 20


@pytest.mark.parametrize("niceness", [0, 7])
def test_a_session_weighs_as_little_as_its_process_is_nice(niceness: int) -> None:
    """Niceness, which counts only inside a session where sessions are weighed, counts between them too."""
    if not Path("/proc/self/autogroup").exists():
        pytest.skip("this kernel weighs no sessions (CONFIG_SCHED_AUTOGROUP)")
    code = f"import os; from sandbox import kernel; os.setsid(); os.nice({niceness}); kernel.weigh_session()"
    done = in_a_process(code + "; print(open('/proc/self/autogroup').read())")
    assert done.stdout.split()[1:] == ["nice", str(niceness)]


CAPABILITIES = """
import os
from sandbox import kernel
kernel.drop_capabilities()
print([line.split()[1] for line in open("/proc/self/status") if line.startswith("Cap")])
try:
    os.chown("/", 1, 1)
except PermissionError:
    print("refused")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities to lose")
def test_capabilities_are_gone() -> None:
    """After dropping them no set holds a capability, and root may do no more than others."""
    assert in_a_process(CAPABILITIES).stdout.splitlines() == [str(["0" * 16] * 5), "refused"]


FILTERED = """
import os
from sandbox import kernel, seccomp
kernel.no_new_privileges()
kernel.install_seccomp(seccomp.program())
try:
    os.fork()
except PermissionError:
    print("refused")
"""


def test_filter_is_installed() -> None:
    """An installed filter holds at once, for an ordinary user too."""
    assert in_a_process(FILTERED).stdout == "refused\n"


COLLAPSED = """
import mmap, re
from sandbox import kernel
SIZE = 16 << 20
probe, memory = (mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) for _ in range(2))
for one in (probe, memory):
    one[:] = b"x" * SIZE
try:
    probe.madvise(25)  # MADV_COLLAPSE
except OSError as error:
    print(error)
else:
    probe.close()
    kernel.collapse_pages()
    assert memory[:] == b"x" * SIZE
    pages = re.findall(r"AnonHugePages: +(\\d+)", open("/proc/self/smaps").read())
    print(sum(map(int, pages)) >= (SIZE >> 10) // 4)
"""


def test_memory_in_huge_pages() -> None:
    """Collapsing puts large private memory of a process into huge pages and changes none of it."""
    said = in_a_process(COLLAPSED).stdout.strip()
    if said.startswith("[Errno"):
        pytest.skip(f"this kernel has no huge pages for us: {said}")
    assert said == "True"


PARENT = """
import os, sys, time
from sandbox import kernel
child = os.fork()
if child == 0:
    kernel.die_with_parent()
    os.write(1, b"%d" % os.getpid())
    os.close(1)
    while True:
        time.sleep(60)
sys.stdin.read()
os.kill(os.getpid(), 9)
"""


def test_dying_with_the_parent() -> None:
    """A process that asked for it dies with its parent."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=REPOSITORY, stdin=pipe, stdout=pipe) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        ended = os.pidfd_open(int(os.read(parent.stdout.fileno(), 20)))
        parent.stdin.close()
    assert select.select([ended], [], [], 60)[0]
    os.close(ended)
