"""One user a device, and quarantine: with canaries that sing or do not as the test wants."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import canary, gpu_lease
from sandbox.errors import GpuUnavailable
from sandbox.gpu import Gpu
from sandbox.gpu_lease import Leases, canary_problem, quarantined, state_folder
from tests.sandbox.fake_gpu import ONE, TWO

LATER = 3600.0


class Canary:
    """Says of each device what the test wants, and remembers which were asked."""

    def __init__(self) -> None:
        self.problems: dict[str, str] = {}
        self.asked: list[str] = []

    def __call__(self, device: Gpu) -> str:
        self.asked.append(device.uuid)
        return self.problems.get(device.uuid, "")


@pytest.fixture
def canary_bird() -> Canary:
    """A canary that sings until told otherwise."""
    return Canary()


@pytest.fixture
def leases(tmp_path: Path, canary_bird: Canary) -> Callable[..., Leases]:
    """Lends out two devices, or others."""

    def make(*devices: Gpu, retry_s: float = LATER) -> Leases:
        return Leases(devices or (ONE, TWO), tmp_path, problem_of=canary_bird, retry_s=retry_s)

    return make


def test_one_user_a_device(leases: Callable[..., Leases]) -> None:
    """Two users get two devices, and a third gets none until one comes back."""
    lender = leases()
    with lender.lease(0) as first:
        with lender.lease(0) as second:
            assert {first.gpu, second.gpu} == {ONE, TWO}
            with pytest.raises(GpuUnavailable, match="in use"), lender.lease(0):
                pass
        with lender.lease(0) as again:
            assert again.gpu == second.gpu


def test_waiting(leases: Callable[..., Leases]) -> None:
    """Who waits gets the device as soon as it is free."""
    lender, got = leases(ONE), list[Gpu]()

    def wait() -> None:
        with lender.lease(60) as lease:
            got.append(lease.gpu)

    with lender.lease(0):
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert got == []
    waiting.join(30)
    assert got == [ONE]


def test_between_workers(leases: Callable[..., Leases], tmp_path: Path) -> None:
    """A device that another process has is not lent out, and is free again when that process is gone."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom sandbox.gpu import Gpu\nfrom sandbox.gpu_lease import Leases\n"
        f"with Leases([Gpu(0, {ONE.uuid!r}, '', 0)], Path({str(tmp_path)!r})).lease(0):\n"
        "    print('mine', flush=True)\n    sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(gpu_lease.__file__).parent.parent,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == b"mine\n"
    with pytest.raises(GpuUnavailable, match="in use"), leases(ONE).lease(0):
        pass
    other.kill()
    other.communicate()
    with leases(ONE).lease(0) as lease:
        assert lease.gpu == ONE


def test_canary_after_suspicion_only(leases: Callable[..., Leases], canary_bird: Canary) -> None:
    """After ordinary use nothing is tried; after a suspicion or an exception the canary is."""
    lender = leases(ONE)
    with lender.lease(0):
        pass
    assert canary_bird.asked == []
    with lender.lease(0) as lease:
        lease.suspect("a timeout")
    with pytest.raises(ZeroDivisionError), lender.lease(0):
        raise ZeroDivisionError
    assert canary_bird.asked == [ONE.uuid] * 2


def test_quarantine(leases: Callable[..., Leases], canary_bird: Canary, tmp_path: Path) -> None:
    """A device whose canary does not sing is kept out, for every worker, with the reason to read."""
    canary_bird.problems[ONE.uuid] = "no answer within 30 s"
    with leases().lease(0) as lease:
        assert lease.gpu == ONE
        lease.suspect("a timeout")
    assert quarantined(tmp_path) == {ONE.uuid: "no answer within 30 s (after a timeout)"}
    with leases().lease(0) as lease:
        assert lease.gpu == TWO


def test_all_in_quarantine(leases: Callable[..., Leases], canary_bird: Canary) -> None:
    """If every device is kept out, waiting is no use, and the error says why."""
    canary_bird.problems[ONE.uuid] = "cuInit fails with CUDA error 999"
    lender = leases(ONE)
    with lender.lease(0) as lease:
        lease.suspect("a lost lane")
    with pytest.raises(GpuUnavailable, match=r"kept out: cuInit fails .* \(after a lost lane\)"), lender.lease(600):
        pass


def test_return_from_quarantine(leases: Callable[..., Leases], canary_bird: Canary, tmp_path: Path) -> None:
    """A device comes back when its canary sings again; it is not asked before its time."""
    canary_bird.problems[ONE.uuid] = "no answer"
    with leases(ONE).lease(0) as lease:
        lease.suspect("a timeout")
    with pytest.raises(GpuUnavailable), leases(ONE, retry_s=LATER).lease(0):
        pass
    assert canary_bird.asked == [ONE.uuid]
    with pytest.raises(GpuUnavailable), leases(ONE, retry_s=0.0).lease(0):
        pass
    assert quarantined(tmp_path) == {ONE.uuid: "no answer (after a timeout)"}
    canary_bird.problems.clear()
    with leases(ONE, retry_s=0.0).lease(0) as lease:
        assert lease.gpu == ONE
    assert quarantined(tmp_path) == {}


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("pass", ""),
        ("print('cuInit fails with CUDA error 999'); raise SystemExit(1)", "cuInit fails with CUDA error 999"),
        ("import os; os._exit(3)", "the canary died"),
        ("while True: pass", "no answer within 1 s"),
    ],
)
def test_the_real_canary_is_a_process(
    script: str, problem: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It has a deadline, sees one device, and whatever becomes of it is a sentence."""
    fake = tmp_path / "canary.py"
    fake.write_text(f"import os\nassert os.environ['CUDA_VISIBLE_DEVICES'] == {ONE.uuid!r}\n{script}\n")
    monkeypatch.setattr(canary, "__file__", str(fake))
    deadline_s = 1.0 if "while" in script else 60.0
    assert canary_problem(ONE, deadline_s) == problem


def test_state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Locks and marks are in a folder that only we can write to, or in the one the operator names."""
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.delenv(gpu_lease.VARIABLE, raising=False)
    folder = state_folder()
    assert (folder.parent, folder.stat().st_mode & 0o777) == (tmp_path, 0o700)
    monkeypatch.setenv(gpu_lease.VARIABLE, str(tmp_path / "named"))
    assert state_folder() == tmp_path / "named"


def test_state_folder_of_somebody_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A link in the folder's place is not followed."""
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.delenv(gpu_lease.VARIABLE, raising=False)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"forwardpass-gpu-{os.geteuid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(GpuUnavailable, match="belongs to somebody else"):
        state_folder()
