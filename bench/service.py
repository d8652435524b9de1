"""Many candidates handing in at once, over HTTP, beside the same submissions graded without a service."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx2
from rich.console import Console

from api.client import Client
from bench.tables import right_answer, table
from grader.bank import Bank, default_root
from grader.grade import Grader, Options

TASK: Final = "q026-stable-softmax"
PART: Final = "softmax"
CANDIDATES: Final = 200
QUICK: Final = 40
#: Over so many seconds candidates hand in who do not all press the button in the same instant.
SPREAD_S: Final = 10.0
WAIT_S: Final = 300.0
LOOK_S: Final = 0.5


def main(console: Console, quick: bool) -> None:
    """Print the table."""
    count = QUICK if quick else CANDIDATES
    direct = _direct(count)
    rows = table(
        f"{count} candidates hand in",
        "POST p50, ms",
        "p95, ms",
        "graded a second",
        "command line",
        "ratio",
        "lost",
    )
    with _service() as (url, key):
        for label, spread_s in (("in the same instant", 0.0), (f"within {SPREAD_S:g} s", SPREAD_S)):
            took_ms, rate, lost = asyncio.run(_hand_in(Client(url, key), url, count, spread_s))
            p95 = statistics.quantiles(took_ms, n=20)[-1]
            numbers = [f"{statistics.median(took_ms):.0f}", f"{p95:.0f}", f"{rate:.1f}", f"{direct:.1f}"]
            rows.add_row(label, *numbers, f"{rate / direct:.2f} x", str(lost))
    console.print(rows)


def _direct(count: int) -> float:
    """Submissions a second without a service."""
    task = Bank(default_root()).by_id(TASK)
    with Grader() as grader, ThreadPoolExecutor(grader.slots) as threads:
        grader.grade(task, right_answer(task), Options(parts=(PART,)))
        started = time.perf_counter()
        list(threads.map(lambda n: grader.grade(task, right_answer(task, n), Options(parts=(PART,))), range(count)))
        return count / (time.perf_counter() - started)


async def _hand_in(admin: Client, url: str, count: int, spread_s: float) -> tuple[list[float], float, int]:
    """How long each POST took, how many were graded a second, and how many never were."""
    tasks = [{"task": TASK, "parts": [PART]}]
    assessment = admin.post("/assessments", {"title": "bench", "level": "lead", "tasks": tasks})
    path = f"/assessments/{assessment['id']}"
    begun = []
    for number in range(count):
        invitation = admin.post(f"{path}/invitations", {"name": f"{number}", "email": "a@example.org"})
        begun.append(Client(url, "").post("/invitations/accept", {"token": invitation["token"]}))
    task = Bank(default_root()).by_id(TASK)
    limits = httpx2.Limits(max_connections=count, max_keepalive_connections=count)
    before = _results(url)
    started = time.time()
    async with httpx2.AsyncClient(base_url=f"{url}/api/v1", limits=limits, timeout=120) as http:
        sources = [right_answer(task, number).source.decode() for number in range(count)]
        sent = [_post(http, one, source, spread_s * n / count) for n, (one, source) in enumerate(zip(begun, sources))]  # noqa: B905
        took_ms = list(await asyncio.gather(*sent))
    done = _wait(url, before + count) - before
    return took_ms, done / (time.time() - started), count - done


async def _post(http: httpx2.AsyncClient, begun: dict[str, Any], source: str, after_s: float) -> float:
    await asyncio.sleep(after_s)
    headers = {"Authorization": f"Bearer {begun['token']}"}
    before = time.perf_counter()
    answer = await http.post(
        f"/sessions/{begun['session_id']}/submissions", json={"task": TASK, "source": source}, headers=headers
    )
    answer.raise_for_status()
    return (time.perf_counter() - before) * 1e3


def _wait(url: str, count: int) -> int:
    """How many results there are when there are all, or when nobody would wait any longer."""
    give_up_at = time.monotonic() + WAIT_S
    while (done := _results(url)) < count and time.monotonic() < give_up_at:
        time.sleep(LOOK_S)
    return done


def _results(url: str) -> int:
    """How many results there are, asked for where that costs the service least."""
    told = httpx2.get(f"{url}/metrics", timeout=60).text
    return sum(
        int(float(number)) for number in re.findall(r"^forwardpass_results_total{.*} (\S+)$", told, re.MULTILINE)
    )


@contextlib.contextmanager
def _service() -> Iterator[tuple[str, str]]:
    """A service of its own; its address and its admin's key."""
    with tempfile.TemporaryDirectory(prefix="forwardpass-bench-") as folder:
        command = [sys.executable, "-m", "api.cli", "serve", "--data", folder, "--port", "0"]
        environment = os.environ | {"PYTHONUNBUFFERED": "1", "FORWARDPASS_REQUESTS_A_MINUTE": "1000000"}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        said = ""
        try:
            for line in process.stdout:
                said += line
                if "a worker with" in said and (at := re.search(r"is at (\S+)", said)):
                    key = re.search(r"only now: (\S+)", said)
                    assert key
                    yield at[1], key[1]
                    break
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
