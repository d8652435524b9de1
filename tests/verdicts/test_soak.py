"""A soak: many submissions through one pool, hostile ones mixed in, each judged as if alone, nothing piling up."""

from __future__ import annotations

import gc
import itertools
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from grader.grade import Grader
from tests.verdicts.cases import Case, all_cases
from tests.verdicts.leftovers import Footprint, Remembering, descendants, settled

#: How many submissions; CI asks for 2,000.
SIZE: Final = int(os.environ.get("FORWARDPASS_SOAK", "150"))
SLOTS: Final = 2
TASKS: Final = frozenset(case.task for case in all_cases())
#: After so many of them, whatever is warmed up is warm.
WARM: Final = SIZE // 3
#: How much the whole family of processes may grow from then on: less than 64 KiB a submission, or the noise of a few.
GROWTH_KB: Final = max(64 * 1024, SIZE * 16)


def shuffled(cases: list[Case]) -> Iterator[Case]:
    """All cases in an order of their own, then again in another, without end."""
    draw = random.Random(20)
    while True:
        yield from draw.sample(cases, len(cases))


def test_soak() -> None:
    """Every verdict is the one the case has alone; processes, descriptors and mounts do not grow, nor does memory."""
    cases = list(itertools.islice(shuffled([case for case in all_cases() if case.light]), SIZE))
    seen: dict[str, dict[str, str]] = {}
    wrong: list[str] = []
    backend = Remembering()
    gc.collect()  # what earlier tests left open is closed here, not in between
    before, descriptors = set(descendants(os.getpid())), Footprint.of(os.getpid()).descriptors

    def judge(case: Case) -> None:
        (report,) = case.graded(grader)
        verdicts = {f"{part.id} {check.name}": check.verdict.value for part in report.parts for check in part.checks}
        changed = dict(verdicts.items() ^ seen.setdefault(case.name, verdicts).items())
        if case.differences(report) or changed:
            wrong.append(f"{case.name}: {case.differences(report)} {changed}")

    with Grader(SLOTS, backend=backend) as grader, ThreadPoolExecutor(SLOTS) as workers:
        list(workers.map(judge, cases[:WARM]))
        backend.come_to_rest()
        desk = grader._desk._process
        assert desk is not None
        warm = Footprint.now(but=desk.pid)
        list(workers.map(judge, cases[WARM:]))
        assert wrong == []
        assert grader._lanes.replaced == 0
        backend.come_to_rest()
        assert len(backend.processes()) == 1
        assert len(descendants(desk.pid)) <= len(TASKS) * (1 + SLOTS)  # a template each, and its examiners
        after = Footprint.now(but=desk.pid)
        assert after.processes <= warm.processes
        assert after.mounts <= warm.mounts
        assert after.descriptors <= warm.descriptors + SLOTS
        assert after.memory_kb <= warm.memory_kb + GROWTH_KB
    assert settled(lambda: backend.left() == [])
    assert settled(lambda: set(descendants(os.getpid())) <= before)
    assert Footprint.of(os.getpid()).descriptors <= descriptors
