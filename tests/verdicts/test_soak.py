"""A soak: many submissions through one pool, hostile ones mixed in, each judged as if it were alone, nothing piling up."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from cases import Case, all_cases
from leftovers import Footprint, Remembering, settled

from grader.grade import Grader
from grader.verdict import Verdict

#: How many submissions; CI asks for 2,000.
SIZE: Final = int(os.environ.get("FORWARDPASS_SOAK", "150"))
SLOTS: Final = 2
#: After so many of them, whatever is warmed up is warm.
WARM: Final = SIZE // 3
#: How much the whole family of processes may grow from then on: less than 64 KiB a submission, or the noise of a few.
GROWTH_KB: Final = max(64 * 1024, SIZE * 16)
#: Left out: what takes long by its nature, and what races against itself.
NOT_HERE: Final = frozenset(
    """abort closes-everything cyclic-answer deep-answer exit-after-answer exit-in-call fatal-error forged-colliding-keys
    forged-endless-size forged-frame forged-garbage forged-thousands-of-lines huge-answer huge-message late-writes
    long-list long-text memory-in-small-blocks memory-in-threads message-that-raises sends-descriptors stack-overflow
    string-subclass""".split()
)


def light(case: Case) -> bool:
    """Whether a case is quick enough to be graded again and again."""
    return not case.budgets and case.wall_s is None and case.repeat == 1 and case.name not in NOT_HERE


def shuffled(cases: list[Case]) -> Iterator[Case]:
    """All cases in an order of their own, then again in another, without end."""
    draw = random.Random(20)
    while True:
        yield from draw.sample(cases, len(cases))


def test_soak() -> None:
    """Every verdict is the one the case has alone; processes, descriptors and mounts stay as many, memory stays flat."""
    cases = list(itertools.islice(shuffled([case for case in all_cases() if light(case)]), SIZE))
    seen: dict[str, tuple[Verdict, ...]] = {}
    wrong: list[str] = []
    before = Footprint.now()
    backend = Remembering()

    def judge(case: Case) -> None:
        (report,) = case.graded(grader)
        verdicts = tuple(check.verdict for part in report.parts for check in part.checks)
        if case.differences(report) or seen.setdefault(case.name, verdicts) != verdicts:
            wrong.append(f"{case.name}: {case.differences(report) or verdicts}")

    with Grader(SLOTS, backend=backend) as grader, ThreadPoolExecutor(SLOTS) as workers:
        list(workers.map(judge, cases[:WARM]))
        assert settled(lambda: len(backend.processes()) == 1)
        warm, processes = Footprint.now(), backend.processes()
        list(workers.map(judge, cases[WARM:]))
        assert wrong == []
        assert grader._lanes.replaced == 0
        assert settled(lambda: backend.processes() == processes)
        after = Footprint.now()
        assert (after.processes, after.mounts) == (warm.processes, warm.mounts)
        assert after.descriptors <= warm.descriptors + SLOTS
        assert after.memory_kb <= warm.memory_kb + GROWTH_KB
    assert settled(lambda: backend.left() == [])
    assert settled(lambda: Footprint.now().processes == before.processes)
    assert Footprint.now().descriptors == before.descriptors
