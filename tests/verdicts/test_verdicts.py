"""The judge judged: every folder beside this file is graded for real, and must get the verdict it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from grader.grade import Grader, Options
from grader.report import Report
from grader.submission import MAX_SOURCE, Submission
from grader.verdict import Verdict
from tests.verdicts.cases import HERE, SEED, Case, all_cases, load_case, task_named
from tests.verdicts.leftovers import Footprint, Remembering, settled

CASES: Final = {case.name: case for case in all_cases()}
SLOTS: Final = 2
#: What answers of any kind are tried on.
TASKS: Final = ("q026-stable-softmax", "q060-adamw", "q132-attention-masks", "q139-linear-attention")

#: Sources too large or too strange to keep as files: what each is, its text, and the verdict of its part.
BOMBS: Final[dict[str, tuple[bytes, Verdict]]] = {
    "nested parentheses": (b"x = " + b"(" * 100_000 + b")" * 100_000, Verdict.EXCEPTION),
    "unary minuses": (b"x = " + b"-" * 100_000 + b"1", Verdict.MEMORY),
    "attributes": (b"def softmax(x, dim=-1):\n    return x" + b".a" * 20_000, Verdict.EXCEPTION),
    "operators": (b"x = 1" + b" + 1" * 50_000, Verdict.EXCEPTION),
    "one statement that binds ten thousand names": (
        b"=".join(b"a%d" % n for n in range(10_000)) + b"=0\ndef softmax(x, dim=-1):\n    return x\n",
        Verdict.WRONG_VALUE,
    ),
    "a forbidden name ten thousand times": (
        b"import torch as t\n" + b"t.softmax\n" * 10_000 + b"def softmax(x, dim=-1):\n    return t.softmax(x, dim)\n",
        Verdict.FORBIDDEN,
    ),
    "an exception on a line as long as a file may be": (
        b"def softmax(x, dim=-1): raise ValueError('" + b"x" * (MAX_SOURCE - 100) + b"')\n",
        Verdict.EXCEPTION,
    ),
    "nothing": (b"", Verdict.EXCEPTION),
    "a null character": (b"x = 1\0", Verdict.EXCEPTION),
    "no text at all": (bytes(range(128, 256)), Verdict.EXCEPTION),
    "half a surrogate": (b"x = '\xed\xa0\x80'\n", Verdict.EXCEPTION),
}


class House:
    """One grader for all cases, and what the machine looked like before it."""

    def __init__(self) -> None:
        self.backend = Remembering()
        self.before = Footprint.now()
        self.grader = Grader(SLOTS, backend=self.backend)
        self.grader.open()
        settled(lambda: len(self.backend.processes()) == 1)
        self._workers = ThreadPoolExecutor(SLOTS)
        self._futures: dict[str, Future[list[Report]]] = {}

    def begin(self, case: Case) -> None:
        """Have a case graded as soon as a lane is free."""
        self._futures[case.name] = self._workers.submit(case.graded, self.grader)

    def reports(self, name: str) -> list[Report]:
        """The reports of a case."""
        return self._futures[name].result()

    def close(self) -> None:
        """Finish what was begun and end the grader; safe to call twice."""
        self._workers.shutdown(wait=True)
        self.grader.close()


@pytest.fixture(scope="module")
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """A grader that is at work on every case that was selected."""
    made = House()
    chosen = [item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")]
    for name in chosen:
        if name in CASES:
            made.begin(CASES[name])
    yield made
    made.close()


@pytest.mark.parametrize("name", CASES)
def test_case(house: House, name: str) -> None:
    """The submission in this folder gets the verdict beside it, every time."""
    assert [text for report in house.reports(name) for text in CASES[name].differences(report)] == []


@pytest.mark.parametrize("bomb", BOMBS)
def test_bomb(house: House, bomb: str) -> None:
    """A source that breaks parsers is a failed submission, never a failed grading."""
    source, verdict = BOMBS[bomb]
    options = Options(seed=SEED, parts=("softmax",), budgets=False, wall_s=5.0)
    report = house.grader.grade(task_named("q026-stable-softmax"), Submission(bomb, source), options)
    assert (report.verdict, report.parts[0].verdict) == ("fail", verdict)
    assert sum(len(text) for check in report.parts[0].checks for _, text in check.lines) < 10_000
    assert len(report.parts[0].notes) <= 50


@pytest.mark.parametrize("task", TASKS)
def test_odd_answers(house: House, task: str) -> None:
    """Whatever an answer is, and of whichever entry, the submission fails and the grading does not."""
    source = (HERE / "odd-answers" / "submission.py").read_bytes()
    assert house.grader.grade(task_named(task), Submission("odd", source), Options(seed=SEED)).verdict == "fail"


def test_byte_order_mark(house: House) -> None:
    """A right answer passes though its editor began the file with a mark and ended lines in two characters."""
    case = CASES["honest-lambda"]
    source = b"\xef\xbb\xbf" + case.source.replace(b"\n", b"\r\n")
    report = house.grader.grade(task_named(case.task), Submission("marked", source), case.options)
    assert case.differences(report) == []


def test_nothing_is_left(house: House) -> None:
    """After all of them no lane was lost, a right answer passes, and ending the grader leaves nothing behind."""
    for name in house._futures:
        house.reports(name)
    assert house.grader._lanes.replaced == 0
    task = task_named("q026-stable-softmax")
    options = Options(seed=SEED, parts=("softmax",), budgets=False)
    for _ in range(SLOTS):
        assert house.grader.grade(task, Submission("reference", task.reference.encode()), options).verdict == "pass"
    house.backend.come_to_rest()
    assert len(house.backend.processes()) == 1
    house.close()
    assert settled(lambda: Footprint.now().processes == house.before.processes)
    assert settled(lambda: house.backend.left() == [])
    after = Footprint.now()
    assert (after.descriptors, after.mounts) == (house.before.descriptors, house.before.mounts)
    assert not Path("/tmp/was-here").exists()


def test_what_the_cases_cover() -> None:
    """There are enough cases of every kind."""
    honest = [case for case in CASES.values() if case.verdict == "pass" and case.name.startswith("honest-")]
    forbidden = [name for name in CASES if name.startswith("forbidden-")]
    assert (len(CASES) >= 60, len(honest) >= 14, len(forbidden) >= 10) == (True, True, True)


@pytest.fixture
def write_case(tmp_path: Path) -> Callable[[str], Path]:
    """Write the folder of a case with this `expected.toml`."""

    def write(expected: str, source: str = '"""Tries nothing."""\n') -> Path:
        (tmp_path / "submission.py").write_text(source)
        (tmp_path / "expected.toml").write_text(expected)
        return tmp_path

    return write


@pytest.mark.parametrize(
    "expected",
    [
        'task = "t"\nverdict = "fail"\nspeed = 1\n[parts.a]\nverdict = "timeout"',
        'task = "t"\nverdict = "fail"\n[parts.a]\nverdict = "timeout"\nnotes = "x"',
        'task = "t"\nverdict = "no"\n[parts.a]\nverdict = "timeout"',
        'task = "t"\nverdict = "fail"\n[parts.a]\nverdict = "late"',
        'task = "t"\nverdict = "fail"\n[parts.a]\nchecks = { test_a = "pass" }',
        'task = "t"\n[parts.a]\nverdict = "timeout"',
        'verdict = "fail"\n[parts.a]\nverdict = "timeout"',
    ],
)
def test_a_case_is_read_strictly(write_case: Callable[[str], Path], expected: str) -> None:
    """A key that is unknown or missing, or a verdict that does not exist, is an error and not a silent pass."""
    with pytest.raises(ValueError):
        load_case(write_case(expected))


def test_a_case_says_what_it_tries(tmp_path: Path) -> None:
    """A submission without a docstring is refused."""
    (tmp_path / "submission.py").write_text("x = 1\n")
    (tmp_path / "expected.toml").write_text('task = "t"\nverdict = "fail"\n[parts.a]\nverdict = "timeout"')
    with pytest.raises(ValueError):
        load_case(tmp_path)
