"""The usual design: a fresh process with pytest and the candidate in it; the same under `docker run` where it can."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from grader.task import Task

ROOT = Path(__file__).resolve().parent.parent
#: The image with torch, pytest and the grader; `docker run` is measured only where an engine has it.
IMAGE = os.environ.get("FORWARDPASS_BENCH_IMAGE", "forwardpass-worker")
INTERPRETER = "/opt/forwardpass/bin/python"


def command(task: Task, classes: tuple[str, ...], python: str = sys.executable, *extra: str) -> list[str]:
    """The pytest command that grades the reference in its own process; "" in `classes` is left out."""
    reference = str(task.folder / "reference.py")
    options = ["-q", "-p", "no:cacheprovider", "-p", "bench.inprocess", "--rootdir", str(task.folder)]
    tests = [f"{task.hidden_tests}::{name}" for name in classes]
    return [python, "-m", "pytest", *options, "--candidate", reference, "--reference", reference, *extra, *tests]


def environment(budgets: bool, **more: str) -> dict[str, str]:
    """One thread, this repository importable, nothing written beside the tests."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    single = {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": path, "TRITON_INTERPRET": "1"}
    left_out = {} if budgets else {"FORWARDPASS_NO_BUDGETS": "1"}
    return {**os.environ, **single, **left_out, **more}


def fresh_process_s(task: Task, classes: tuple[str, ...], budgets: bool = True) -> float:
    """Wall seconds of one fresh pytest process."""
    started = time.perf_counter()
    done = subprocess.run(command(task, classes), env=environment(budgets), cwd="/", capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stdout.decode()[-2000:])
    return time.perf_counter() - started


def docker_run_s(task: Task, classes: tuple[str, ...]) -> float | None:
    """Wall seconds of one `docker run` of the same; None without an engine or an image."""
    if not shutil.which("docker"):
        return None
    mounts = ["-v", f"{ROOT}:{ROOT}:ro", "-e", f"PYTHONPATH={ROOT}", "-e", "OMP_NUM_THREADS=1", "--network", "none"]
    started = time.perf_counter()
    inner = command(task, classes, INTERPRETER)
    program = ["docker", "run", "--rm", "--pull", "never", *mounts, IMAGE, *inner]
    done = subprocess.run(program, capture_output=True, check=False)
    return time.perf_counter() - started if done.returncode == 0 else None


def floor_s(task: Task, classes: tuple[str, ...], budgets: bool, repeats: int) -> list[float]:
    """Seconds of the same tests in one warm process, collected once: no sandbox, no fork, no start."""
    with tempfile.NamedTemporaryFile("r") as out:
        more = environment(budgets, FORWARDPASS_FLOOR=f"{repeats}:{out.name}")
        subprocess.run(command(task, classes), env=more, cwd="/", capture_output=True, check=True)
        return [float(line) for line in out.read().split()]
