from __future__ import annotations

from dataclasses import replace

from grader.check.evidence import Evidence, Trial, workers
from grader.grade import Grader
from tests.grader.check.conftest import Write


def test_gather(grader: Grader, write_task: Write) -> None:
    """Equal jobs are done once, each is told of, and the results are kept by job."""
    task, told = write_task(), []
    trial = Trial("a", task.reference, parts=("mean",))
    evidence = Evidence()
    jobs = [trial, replace(trial), replace(trial, seed=2)]
    with workers(2) as threads:
        evidence.begin(grader, task, jobs, threads)
        evidence.finish(lambda *step: told.append(step))
    assert told == [(1, 2, "a"), (2, 2, "a")]
    assert [evidence.of(job).seed for job in jobs] == [1, 1, 2]


def test_measured(grader: Grader, write_task: Write) -> None:
    """Budgets are measured where asked, and all parts make one report."""
    task = write_task()
    measured, plain = (Trial("a", task.reference, measured=parts).run(grader, task) for parts in (("power-sum",), ()))
    assert [part.id for part in measured.parts] == [part.id for part in plain.parts] == ["mean", "power-sum"]
    assert (measured.verdict, measured.points) == ("pass", measured.max_points)
    assert measured.parts[1].checks[-1].measured["limit"] == 4.0
    assert plain.parts[1].checks[-1].verdict == "not_measured"


def test_repeat(grader: Grader, write_task: Write) -> None:
    """What hangs on a clock, a budget or the wall, is done once more; all else keeps its result."""
    task = write_task()
    plain = Trial("a", task.reference)
    timed = [replace(plain, measured=("power-sum",)), replace(plain, wall_s=2.0)]
    evidence = Evidence()
    with workers(2) as threads:
        evidence.begin(grader, task, [plain, *timed], threads)
        evidence.finish()
        first = {job: evidence.of(job) for job in (plain, *timed)}
        evidence.repeat(grader, task, threads)
        evidence.finish()
    kept = [
        [part is before for part, before in zip(evidence.of(job).parts, first[job].parts, strict=True)]
        for job in (plain, *timed)
    ]
    assert kept == [[True, True], [True, False], [False, False]]


def test_first_fails(grader: Grader, write_task: Write) -> None:
    """If the first job cannot be done, the others are left and the reason is kept with its line."""
    task = write_task(("task.toml", "time = 4.0", "memory = 4.0"))
    trial = Trial("a", task.reference)
    evidence = Evidence()
    with workers(2) as threads:
        evidence.begin(grader, task, [trial, replace(trial, seed=2)], threads)
        evidence.finish()
    assert list(evidence.failures) == [trial]
    assert "the part has no `time` budget" in evidence.failures[trial]
    assert evidence.failures[trial].endswith("(test_hidden.py:25)")
