"""Parts for GPUs: judged without one, judged on one that a lane on the CPU stands for, and not judged at all."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest

import grader.gpu
from grader import backend
from grader.backend import default_backend, obstacle
from grader.gpu import GpuDesk, pool_here
from grader.grade import Grader, Options, SystemFailure
from grader.report import PartReport, Report
from grader.submission import Submission
from grader.task import Task, load_task
from grader.verdict import NEEDS_GPU, NEEDS_TRITON, Verdict
from sandbox import cuda, site
from sandbox.errors import GpuUnavailable
from sandbox.gpu import Gpu
from sandbox.gpu_lease import Leases
from sandbox.gpu_pool import GpuPool
from tests.sandbox.fake_gpu import ONE, answering, install, nowhere

TOML = """
question = 1
minutes = 5
memory_mb = 512
[[part]]
id = "plain"
entry = "plain"
level = "junior"
points = 2
answers = [0]
[[part]]
id = "heavy"
entry = "heavy"
level = "lead"
points = 8
answers = [1]
device = "cuda"
budget = { time = 6.0, memory = 5.0 }
"""

REFERENCE = """
import time

import torch
from torch import Tensor


def plain(x: float) -> float:
    return x + 1


def heavy(x: Tensor) -> Tensor:
    time.sleep(0.005)  # a GPU at work costs its process no CPU time
    return x * 2
"""

HIDDEN = '''
import torch
from grader.testing import assert_close, assert_equal, probe


@probe
def layout(candidate, x):
    return [*x.stride(), x.storage_offset(), int(x.requires_grad)]


class TestPlain:
    def test_value(self, candidate):
        """One is added."""
        assert candidate.plain(1.0) == 2.0


class TestHeavy:
    def test_value(self, candidate, rng, device):
        """It is doubled."""
        x = torch.randn(3, 4, generator=rng)
        assert_close(candidate.heavy(x.t()), x.t().double() * 2)

    def test_layout(self, candidate):
        """Tensors come as they were sent."""
        x = torch.zeros(8, 15)[1::2, 2::3]
        assert layout(candidate, x) == [30, 3, 17, 0]

    def test_speed(self, budget, rng):
        """It is not much slower than the reference."""
        budget.time("heavy", lambda: (torch.randn(40, generator=rng),))

    def test_memory(self, budget, rng):
        """It takes no more memory than it needs."""
        budget.memory("heavy", lambda: (torch.randn(4_000_000, generator=rng),))
'''

#: Says of every process what it holds, as a driver does of those on its GPU.
DRIVER = """\
cat /proc/[0-9]*/status 2>/dev/null | awk '/^Pid:/ { pid = $2 } /^VmRSS:/ { print pid ", " int($2 / 1024) }'
"""


class House:
    """A grader whose GPU is a lane on the CPU; the canary's part is played by a list."""

    def __init__(self, folder: Path) -> None:
        self.suspected: list[Gpu] = []
        self.pool = GpuPool(Leases((ONE,), folder, problem_of=self._problem), lambda gpu: default_backend())
        self.grader = Grader(1, gpus=GpuDesk(lambda: self.pool), secret=b"of the tests")

    def _problem(self, gpu: Gpu) -> str:
        self.suspected.append(gpu)
        return ""


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    """One part for the CPU, one for a GPU."""
    folder: Path = tmp_path_factory.mktemp("bank") / "01-section" / "q001-heavy"
    folder.mkdir(parents=True)
    files = {"task.toml": TOML, "reference.py": REFERENCE, "starter.py": REFERENCE, "test_hidden.py": HIDDEN}
    for name, text in (files | {"statement.md": "# Heavy\n\n## plain\n\nA.\n\n## heavy\n\nB.\n"}).items():
        (folder / name).write_text(text)
    return load_task(folder)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The grader, and a driver that tells what processes hold."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("gpu")
        install(patch, folder, DRIVER)
        patch.setattr(grader.gpu, "DEVICE", "cpu")
        patch.setattr(cuda, "CONTEXT_MB", 256)
        made = House(folder)
        with made.grader:
            yield made


def graded(grader: Grader, task: Task, more: str = "", **options: object) -> Report:
    """The report of the reference with more code after it."""
    submission = Submission("s", f"{REFERENCE}\n\n{more}".encode())
    return grader.grade(task, submission, Options(seed=1, **options))  # type: ignore[arg-type]


def verdicts(part: PartReport) -> dict[str, Verdict]:
    return {check.name: check.verdict for check in part.checks}


class TestOnOne:
    """With a GPU."""

    def test_every_part_is_judged(self, house: House, task: Task) -> None:
        """Parts for the CPU and parts for a GPU make one report, which names the GPU; budgets are measured."""
        report = graded(house.grader, task)
        plain, heavy = report.parts
        assert {check.verdict: check.detail for check in heavy.checks} == {Verdict.PASS: ""}
        assert (report.verdict, report.points, report.max_points) == ("pass", 10, 10)
        assert (plain.id, heavy.id, report.backend["gpu"]) == ("plain", "heavy", ONE.name)
        assert heavy.checks[2].measured["ratio"] > 0
        assert heavy.checks[3].measured["limit"] == 5.0
        assert house.suspected == []

    def test_time_that_no_cpu_spends(self, house: House, task: Task) -> None:
        """An answer that keeps the examiner waiting is too slow, though its process does nothing."""
        more = "def heavy(x):\n    time.sleep(0.2)\n    return x * 2\n"
        heavy = graded(house.grader, task, more, parts=("heavy",)).parts[0]
        assert verdicts(heavy)["test_speed"] is Verdict.TOO_SLOW
        assert "time on the GPU" in heavy.checks[2].detail

    def test_memory_by_the_driver(self, house: House, task: Task) -> None:
        """An answer that keeps copies is too large."""
        more = "KEPT = []\n\ndef heavy(x):\n    KEPT.extend(x.clone() for _ in range(30))\n    return x * 2\n"
        heavy = graded(house.grader, task, more, parts=("heavy",)).parts[0]
        assert verdicts(heavy)["test_memory"] is Verdict.TOO_LARGE

    def test_changed_input(self, house: House, task: Task) -> None:
        """Inputs that were changed on the device are found changed."""
        more = "def heavy(x):\n    return x.mul_(2)\n"
        heavy = graded(house.grader, task, more, parts=("heavy",), budgets=False).parts[0]
        assert verdicts(heavy)["test_value"] is Verdict.MUTATED_INPUT

    def test_timeout_makes_the_device_suspect(self, house: House, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
        """After a call that ran into the wall the canary is asked."""
        monkeypatch.setattr(grader.gpu, "START_S", 0.0)
        house.suspected.clear()
        more = "def heavy(x):\n    time.sleep(60)\n"
        heavy = graded(house.grader, task, more, parts=("heavy",), budgets=False, wall_s=0.5).parts[0]
        assert heavy.verdict is Verdict.TIMEOUT
        assert house.suspected == [ONE]

    def test_room_for_the_device(self, house: House, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
        """A call gets the time and the memory that the device takes for itself, beside the task's."""
        monkeypatch.setattr(grader.gpu, "START_S", 20.0)
        more = "def heavy(x):\n    time.sleep(0.7)\n    return x * 2 + 0 * torch.zeros(150_000_000)[0]\n"
        heavy = graded(house.grader, task, more, parts=("heavy",), budgets=False, wall_s=0.5).parts[0]
        assert verdicts(heavy)["test_value"] is Verdict.PASS

    def test_nothing_for_a_gpu(self, house: House, task: Task) -> None:
        """A submission without such a part takes no device."""
        with house.pool.lanes(0):
            report = graded(house.grader, task, parts=("plain",))
        assert "gpu" not in report.backend


@contextlib.contextmanager
def without_gpu() -> Iterator[Grader]:
    """A grader on a machine without one."""
    with Grader(1, gpus=GpuDesk(lambda: None)) as opened:
        yield opened


def test_without_a_gpu(task: Task) -> None:
    """It is judged on the CPU, its budgets are not measured, and that costs nothing."""
    pytest.importorskip("triton")
    with without_gpu() as opened:
        report = graded(opened, task)
    heavy = report.parts[1]
    assert (report.verdict, report.points, report.max_points) == ("pass", 10, 10)
    assert {check.detail for check in heavy.checks if check.verdict is Verdict.NOT_MEASURED} == {NEEDS_GPU}
    assert verdicts(heavy)["test_value"] is Verdict.PASS
    assert "gpu" not in report.backend


def test_without_gpu_and_triton(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not judged, counts for nothing, and the report says so; the other parts are judged as ever."""
    monkeypatch.setattr(site, "PACKAGES", ("torch", "numpy"))
    kernel = "import triton\nimport triton.language as tl\n\n@triton.jit\ndef kernel(x_ptr, BLOCK: tl.constexpr): ...\n"
    with without_gpu() as opened:
        report = graded(opened, task, kernel)
        plain, heavy = report.parts
        assert (report.verdict, report.points, report.max_points) == ("pass", 2, 2)
        assert (plain.verdict, plain.points) == (Verdict.PASS, 2)
        assert (heavy.verdict, heavy.points, heavy.max_points) == (Verdict.NOT_MEASURED, 0, 0)
        assert heavy.notes == (f"not judged here: {NEEDS_TRITON}",)
        with pytest.raises(SystemFailure, match=r"nothing could be judged.*forwardpass\[triton\]"):
            graded(opened, task, parts=("heavy",))


def test_which_gpus_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a driver there are none; those that the sandbox cannot give to a lane are left out."""
    nowhere(monkeypatch)
    assert pool_here() is None
    monkeypatch.undo()
    install(monkeypatch, tmp_path, answering())
    monkeypatch.setattr(backend, "obstacle", lambda device: "" if device == ONE else "not this one")
    monkeypatch.setenv("FORWARDPASS_GPU_STATE", str(tmp_path))
    pool = pool_here()
    assert pool is not None
    assert pool.devices == (ONE,)


def test_a_driver_in_trouble_is_our_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine whose driver fails is not taken for one without a GPU."""
    install(monkeypatch, tmp_path, "exit 1")
    with pytest.raises(GpuUnavailable):
        pool_here()


@pytest.mark.parametrize(
    ("version", "requires", "problem"),
    [
        ("2.13.0", ["nvidia-cublas==13.0.0; platform_system == 'Linux'", "triton==3.7.1"], ""),
        ("2.13.0+cu130", [], ""),
        ("2.13.0+cpu", ["sympy"], "torch 2.13.0+cpu is built without CUDA"),
    ],
)
def test_obstacles(monkeypatch: pytest.MonkeyPatch, version: str, requires: list[str], problem: str) -> None:
    """A torch without CUDA keeps every GPU from being used; one with CUDA none."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(metadata, "version", lambda name: version)
    monkeypatch.setattr(metadata, "requires", lambda name: requires)
    assert obstacle(ONE) == problem


def test_more_obstacles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices, missing packages and the operator's word."""
    assert "slice" in obstacle(Gpu(0, "MIG-1", "a slice", 1))
    find: Callable[[str], object] = lambda name: None if name == "triton" else name  # noqa: E731  # typed so
    monkeypatch.setattr(importlib.util, "find_spec", find)
    assert obstacle(ONE) == "triton not installed"
    monkeypatch.setenv("FORWARDPASS_GPUS", "off")
    assert "FORWARDPASS_GPUS=off" in obstacle(ONE)
