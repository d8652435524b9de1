"""Lanes for GPUs on a machine without one: what they see, what their runs may do, and that Triton compiles in them.

The driver's library is an empty one of our own, so nothing is launched; everything up to that is as with a GPU.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
import shutil
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.backend import preparation
from sandbox import cuda, gpu
from sandbox.bubblewrap import Bubblewrap, BubblewrapLane
from sandbox.cuda import View
from sandbox.errors import GpuUnavailable, SandboxUnavailable
from sandbox.gpu import Gpu
from sandbox.lane import Preparation
from sandbox.limits import Limits, Returned
from sandbox.run import Run
from tests.sandbox.fake_gpu import ONE

LIMITS = Limits(wall_s=60.0, memory_mb=2048, threads=32)
KERNEL = """
import triton
import triton.language as tl


@triton.jit
def doubled(out_ptr, x_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + at, tl.load(x_ptr + at, mask=at < n, other=0.0) * 2.0, mask=at < n)


def machine_code(architecture):
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    types = {"out_ptr": "*fp32", "x_ptr": "*fp32", "n": "i32", "BLOCK": "constexpr"}
    source = ASTSource(fn=doubled, signature=types, constexprs={"BLOCK": 128})
    return triton.compile(source, target=GPUTarget("cuda", architecture, 32)).asm["cubin"][:4]
"""


@pytest.fixture
def view(monkeypatch: pytest.MonkeyPatch) -> View:
    """What a lane on a GPU sees, its device files left out."""
    monkeypatch.setattr(gpu, "device_file", lambda device: "/dev/nvidia0")
    return cuda.view(ONE)


def test_view(view: View) -> None:
    """A lane gets the files of its device, that device alone in CUDA's eyes, and no interpreter in Triton's place."""
    settings = dict(view.settings)
    assert view.devices == ("/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia0")
    assert (settings["CUDA_VISIBLE_DEVICES"], settings["TRITON_INTERPRET"]) == (ONE.uuid, "0")
    assert settings["TRITON_CACHE_DIR"].startswith("/tmp/")
    assert settings["CUDA_CACHE_PATH"].startswith("/tmp/")


def test_slices_need_containers() -> None:
    """A slice of a GPU is refused with the reason."""
    with pytest.raises(GpuUnavailable, match="slice of a GPU"):
        cuda.view(Gpu(0, "MIG-1", "H100 MIG 1g.10gb", 10240))


def calling(run: Run, function: Callable[..., Any], *args: Any) -> Any:
    """What a function of a test returns when it runs in a lane."""
    source = "from __future__ import annotations\n" + textwrap.dedent(inspect.getsource(function))
    assert run.load("candidate", source) == Returned(None)
    outcome = run.call("candidate", function.__name__, args)
    assert isinstance(outcome, Returned), outcome
    return outcome.value


@pytest.fixture(scope="module")
def started() -> Iterator[BubblewrapLane]:
    """A lane with nothing to import whose runs may start processes; skips where lanes do not work."""
    try:
        started = Bubblewrap(LIMITS, Preparation(preload=(), processes=True)).start()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    yield started
    started.stop()


@pytest.fixture
def run(started: BubblewrapLane) -> Iterator[Run]:
    """A fresh run."""
    run = started.lane.run()
    yield run
    run.close()


class TestProcesses:
    """Runs that may start processes."""

    def test_processes(self, run: Run) -> None:
        """A run starts programs and reads what they print."""

        def candidate() -> Any:
            import subprocess
            import sys

            done = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True, check=True)
            return done.stdout

        assert calling(run, candidate) == "42\n"

    def test_they_die_with_the_run(self, started: BubblewrapLane, run: Run) -> None:
        """What a run started is gone when it is over, though it made itself a session and catches signals."""

        def candidate() -> Any:
            import subprocess
            import sys

            code = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
            child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
            return child.stdout.readline().decode()  # type: ignore[union-attr]

        assert calling(run, candidate) == "1\n"
        mine = f"/proc/{run.pid}/ns/pid"
        namespace = Path(mine).readlink()
        assert len(_inside(namespace)) == 2
        run.close()
        started.lane.settle()
        assert _inside(namespace) == []

    def test_no_more_privileges(self, run: Run) -> None:
        """A program that is started has no capability, cannot gain any, and the same filter."""

        def candidate() -> Any:
            import subprocess
            import sys

            code = "print(open('/proc/self/status').read())"
            return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

        status = dict(line.split(":\t") for line in calling(run, candidate).splitlines() if ":\t" in line)
        assert {int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")

    def test_no_network_and_no_host(self, run: Run) -> None:
        """Started programs see no more than the run does."""

        def candidate() -> Any:
            import subprocess
            import sys

            code = (
                "import os, socket\n"
                "try: socket.socket()\n"
                "except PermissionError: print('no socket')\n"
                "print(os.path.exists('/etc/passwd'), os.path.exists('/home'))\n"
            )
            return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

        assert calling(run, candidate) == "no socket\nFalse False\n"

    def test_a_bomb_is_bounded(self, run: Run) -> None:
        """There is an end to how many processes a run has at once."""

        def candidate() -> Any:
            import os
            import time

            count = 0
            for _ in range(1000):
                try:
                    if os.fork() == 0:
                        time.sleep(600)
                except BlockingIOError:
                    return count
                count += 1
            return count

        assert 10 < calling(run, candidate) <= LIMITS.threads

    def test_addresses_are_not_limited(self, run: Run) -> None:
        """CUDA reserves more addresses than any other code may."""

        def candidate() -> Any:
            import resource

            return resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY

        assert calling(run, candidate) is True


def _inside(namespace: Path) -> list[str]:
    """The processes of a PID namespace."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "ns" / "pid").readlink() == namespace:
                found.append(process.name)
        except OSError:  # gone, or not ours to see
            continue
    return found


def test_other_lanes_start_no_processes() -> None:
    """The flag is for lanes with a GPU; no other has it."""
    assert preparation(on_gpu=True).processes
    assert not preparation().processes
    assert not Preparation().processes


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a driver's library that refuses everything; skips where Triton or a compiler is missing."""
    spec = importlib.util.find_spec("triton")
    if spec is None or spec.origin is None or shutil.which("gcc") is None:
        pytest.skip("needs Triton and gcc")
    header = (Path(spec.origin).parent / "backends" / "nvidia" / "driver.c").read_text()
    names = set(re.findall(r"\b(cu[A-Z]\w*)\s*\(", header))
    folder = tmp_path_factory.mktemp("driver")
    folder.chmod(0o755)
    source = "".join(
        f"int {name}{end}(void) {{ return 999; }}\n" for name in sorted(names) for end in ("", "_v2", "_v3")
    )
    (folder / "stub.c").write_text(source)
    command = ["gcc", "-w", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", "stub.c", "-o", "libcuda.so.1"]
    subprocess.run(command, cwd=folder, check=True)
    return folder


def test_triton_compiles_in_a_lane(driver: Path, view: View) -> None:
    """The zygote builds Triton's launcher by the C compiler, and a run has kernels assembled to machine code."""
    seen = replace(
        view,
        devices=(),
        binds=(*view.binds, (str(driver), "/driver")),
        settings=(*view.settings, ("LD_LIBRARY_PATH", "/driver")),
    )
    try:
        started = Bubblewrap(LIMITS, preparation(on_gpu=True), seen).start()
    except SandboxUnavailable as error:
        if "Python.h" in str(error) or "gcc" in str(error):
            pytest.skip(f"this machine cannot build extensions: {error}")
        raise
    try:
        run = started.lane.run()
        assert run.load("solution", KERNEL) == Returned(None)
        for architecture in (75, 90):
            assert run.call("solution", "machine_code", (architecture,)) == Returned(b"\x7fELF")
    finally:
        started.stop()
