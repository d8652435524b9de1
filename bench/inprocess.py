"""The usual design, for comparison: a pytest plugin that imports the candidate into the judging process.

`python -m pytest -p bench.inprocess --candidate FILE --reference FILE test_hidden.py` runs a task's hidden tests with
no sandbox at all. It is the baseline of the benchmarks and a quick loop for a task's author; it never grades.
"""

from __future__ import annotations

import importlib.util
import math
import os
import statistics
import time
import traceback
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import torch

from grader.task import load_task
from grader.testing import Probe, assert_close, probe_source
from grader.verdict import NEEDS_GPU, CandidateFailure, CandidateRaised, Verdict
from sandbox import absent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--candidate", required=True, help="the file with the answer")
    parser.addoption("--reference", required=True, help="the file with the reference")
    parser.addoption("--seed", type=int, default=0)


def load(path: Path) -> types.ModuleType:
    """Import one file as a module of its own."""
    spec = importlib.util.spec_from_file_location(f"solution_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise pytest.UsageError(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    if importlib.util.find_spec("triton") is None:  # as in a lane: the parts that need it are not what is measured
        absent.versions(["triton"])
    spec.loader.exec_module(module)
    return module


class InProcess:
    """The candidate's module behind the interface hidden tests expect, without any isolation."""

    def __init__(self, path: Path) -> None:
        self._module = load(path)
        self._probes: dict[str, Callable[..., Any]] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *args, **kwargs: self._guard(getattr(self._module, name), args, kwargs, mutates=False)

    def run_probe(self, probe: Probe, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if probe.name not in self._probes:
            space: dict[str, Any] = {}
            exec(compile(probe_source(probe), "<probes>", "exec"), space)
            self._probes[probe.name] = space[probe.name]
        return self._guard(self._probes[probe.name], (self._module, *args), kwargs, mutates=probe.mutates)

    def _guard(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], mutates: bool) -> Any:
        tensors = [a for a in (*args, *kwargs.values()) if isinstance(a, torch.Tensor)]
        before = [t.detach().clone() for t in tensors]
        try:
            value = function(*args, **kwargs)
        except Exception as error:
            names = tuple(t.__name__ for t in type(error).__mro__)
            lines = tuple((f.lineno or 0, f.line or "") for f in traceback.extract_tb(error.__traceback__))
            raise CandidateRaised(names, str(error), lines) from error
        for old, new in zip(before, tensors, strict=True):
            if not mutates and not torch.equal(old.nan_to_num(), new.detach().nan_to_num()):
                raise CandidateFailure(Verdict.MUTATED_INPUT, "an argument was changed in place")
        return value


class InProcessBudget:
    """The three budgets measured the naive way; `memory` is left out."""

    def __init__(self, candidate: InProcess, reference: InProcess) -> None:
        self._sides = (candidate, reference)

    def _call(self, side: InProcess, target: str | Probe, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if isinstance(target, str):
            return getattr(side, target)(*args, **kwargs)
        return side.run_probe(target, args, kwargs)

    def _cost_s(self, side: InProcess, target: str | Probe, args: tuple[Any, ...], kwargs: dict[str, Any]) -> float:
        start = time.process_time()
        self._call(side, target, args, kwargs)
        return time.process_time() - start

    def time(self, target: str | Probe, make: Callable[[], tuple[Any, ...]], **kwargs: Any) -> None:
        """Race in one process; left out with FORWARDPASS_NO_BUDGETS, as the grader does with `--no-budgets`."""
        if os.environ.get("FORWARDPASS_NO_BUDGETS"):
            return
        args = make()
        got, want = (self._call(side, target, args, kwargs) for side in self._sides)
        assert_close(got, want, rtol=1e-3, dtype=getattr(want, "dtype", None))
        ratios = []
        for _ in range(11):
            args = make()
            costs = [self._cost_s(side, target, args, kwargs) for side in self._sides]
            ratios.append(costs[0] / costs[1])
        print(f"time ratio {statistics.median(ratios):.2f}")

    def memory(self, target: str | Probe, make: Callable[[], tuple[Any, ...]], **kwargs: Any) -> None:
        self._call(self._sides[0], target, make(), kwargs)

    def growth(
        self,
        target: str | Probe,
        make: Callable[[int], tuple[Any, ...]],
        *,
        sizes: Sequence[int],
        far: int = 0,
        **kwargs: Any,
    ) -> None:
        costs = [min(self._cost_s(self._sides[0], target, make(n), kwargs) for _ in range(3)) for n in sizes]
        xs, ys = [math.log(n) for n in sizes], [math.log(c) for c in costs]
        for side in self._sides:
            self._call(side, target, make(far or sizes[-1]), kwargs)
        print(f"growth exponent {statistics.linear_regression(xs, ys).slope:.2f}")


@pytest.fixture(scope="class")
def candidate(request: pytest.FixtureRequest) -> InProcess:
    return InProcess(Path(request.config.getoption("--candidate")))


@pytest.fixture
def budget(request: pytest.FixtureRequest, candidate: InProcess) -> InProcessBudget:
    parts = load_task(request.path.parent).parts
    if any(part.device != "cpu" and part.test_class == request.cls.__name__ for part in parts):
        pytest.skip(NEEDS_GPU)
    return InProcessBudget(candidate, InProcess(Path(request.config.getoption("--reference"))))


@pytest.fixture
def device() -> torch.device:
    return torch.device("cpu")


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> torch.Generator:
    seed = request.config.getoption("--seed")
    return torch.Generator().manual_seed(seed << 32 | crc32(request.node.name.encode()))


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """With FORWARDPASS_FLOOR=N:FILE, run the collected tests N times over and write each round's seconds to FILE."""
    wanted = os.environ.get("FORWARDPASS_FLOOR")
    if not wanted:
        return None
    repeats, _, path = wanted.partition(":")
    with open(path, "w") as out:
        for _ in range(int(repeats)):
            started = time.perf_counter()
            for item, following in zip(session.items, [*session.items[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            out.write(f"{time.perf_counter() - started}\n")
    return True
