"""Tests of an examination end to end on a small task, with the real sandbox and examiner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.grade import Grader, Options
from grader.report import Report
from grader.submission import Submission
from grader.task import Task, load_task
from grader.verdict import Verdict
from grader.views import without_timings

HIDDEN = '''
import torch
from grader.testing import assert_close, assert_gradient, probe, raises


@probe
def gradient(candidate, x):
    leaf = x.detach().requires_grad_()
    return torch.autograd.grad(candidate.double(leaf).sum(), leaf)[0]


@probe(mutates=True)
def in_place(candidate, x):
    return x.add_(candidate.double(x))


class TestDouble:
    def test_value(self, candidate, rng):
        """Every element is doubled."""
        x = torch.randn(4, generator=rng)
        assert_close(candidate.double(x), x.double() * 2)

    def test_gradient(self, candidate, rng):
        """The gradient is two."""
        assert_gradient(gradient(candidate, torch.randn(4, generator=rng)), torch.full((4,), 2.0).double())

    def test_first(self, candidate):
        """The first element is doubled too."""
        assert candidate.double(torch.ones(2))[0] == 2

    def test_mutating_probe(self, candidate):
        """A probe may change what it is given if it says so."""
        assert_close(in_place(candidate, torch.ones(2)), torch.full((2,), 3.0))

    def test_speed(self, budget, rng):
        """It is not much slower than the reference."""
        budget.time("double", lambda: (torch.randn(600, 600, generator=rng),))


class TestHalf:
    def test_value(self, candidate):
        """A number is halved."""
        assert_close(candidate.half(3.0), 1.5)

    def test_text(self, candidate):
        """A text is refused."""
        with raises(TypeError):
            candidate.half("a")
'''

REFERENCE = """
import torch
from torch import Tensor


def double(x: Tensor) -> Tensor:
    y = x
    for _ in range(20):
        y = torch.exp(torch.log(y.abs() + 1)) - 1
    return x * 2 + 0 * y


def half(x: float) -> float:
    if isinstance(x, str):
        raise TypeError("a number is needed")
    return x / 2
"""

TOML = """
question = 1
minutes = 5
forbid = ["torch.atan"]
[[part]]
id = "double"
entry = "double"
level = "junior"
points = 5
answers = [0]
budget = { time = 2.0 }
[[part]]
id = "half"
entry = "half"
level = "senior"
points = 2
answers = [1]
"""


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    """A task of two parts."""
    folder: Path = tmp_path_factory.mktemp("bank") / "01-section" / "q001-double"
    folder.mkdir(parents=True)
    files = {"task.toml": TOML, "reference.py": REFERENCE, "starter.py": REFERENCE, "test_hidden.py": HIDDEN}
    for name, text in (files | {"statement.md": "# Double\n\n## double\n\nA.\n\n## half\n\nB.\n"}).items():
        (folder / name).write_text(text)
    return load_task(folder)


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    """One grader for all tests of this file."""
    with Grader(1, secret=b"a secret of the tests") as opened:
        yield opened


Grade = Callable[..., Report]


@pytest.fixture
def grade(grader: Grader, task: Task) -> Grade:
    """Grade the reference with more code after it."""

    def run(more: str = "", **options: object) -> Report:
        source = REFERENCE + "\n\n" + more
        return grader.grade(task, Submission("s", source.encode()), Options(**{"budgets": False, **options}))  # type: ignore[arg-type]

    return run


def verdicts(report: Report) -> dict[str, Verdict]:
    return {f"{part.id}.{check.name}": check.verdict for part in report.parts for check in part.checks}


def test_a_right_answer_passes_every_check(grade: Grade) -> None:
    """The reference gets all points, its race included."""
    report = grade(budgets=True)
    assert (report.verdict, report.points, report.max_points) == ("pass", 7, 7)
    assert 0.4 < report.parts[0].checks[-1].measured["ratio"] < 1.9


def test_budgets_that_are_off_are_not_measured_and_cost_nothing(grade: Grade) -> None:
    """Full points without a race."""
    report = grade()
    assert verdicts(report)["double.test_speed"] is Verdict.NOT_MEASURED
    assert report.points == 7


def test_a_wrong_part_leaves_the_other_parts_points_alone(grade: Grade) -> None:
    """Parts are scored apart."""
    report = grade("def half(x):\n    return x\n")
    assert (report.verdict, report.points) == ("partial", 5)
    assert verdicts(report)["half.test_value"] is Verdict.WRONG_VALUE


def test_an_error_carries_the_candidates_own_line(grade: Grade) -> None:
    """Its number and its text as it stands in the submission."""
    check = grade("def half(x):\n    return 1 / 0  # here\n").parts[1].checks[0]
    assert check.verdict is Verdict.EXCEPTION
    assert check.lines[-1][1] == "return 1 / 0  # here"


def test_a_syntax_error_fails_everything_and_names_its_line(grade: Grade) -> None:
    """It is the candidate's failure, not ours."""
    report = grade("def half(:\n")
    assert set(verdicts(report).values()) == {Verdict.EXCEPTION, Verdict.NOT_MEASURED}
    assert report.parts[0].checks[0].lines[-1][1] == "def half(:"


def test_a_changed_input_is_detected(grade: Grade) -> None:
    """Even if the answer is right."""
    assert verdicts(grade("def double(x):\n    x *= 2\n    return x\n"))["double.test_value"] is Verdict.MUTATED_INPUT


def test_an_answer_of_another_type_is_wrong_dtype(grade: Grade) -> None:
    """The starter's annotation is what counts."""
    assert verdicts(grade("def double(x):\n    return [x]\n"))["double.test_value"] is Verdict.WRONG_DTYPE


def test_a_test_that_trips_over_an_answer_is_the_candidates_failure(grade: Grade) -> None:
    """Indexing an empty tensor raises in the test, because of the answer."""
    assert verdicts(grade("def double(x):\n    return x[:0]\n"))["double.test_first"] is Verdict.WRONG_VALUE


def test_a_plain_assertion_is_wrong_value(grade: Grade) -> None:
    """Authors may write assert."""
    assert verdicts(grade("def double(x):\n    return x\n"))["double.test_first"] is Verdict.WRONG_VALUE


def test_a_forbidden_name_fails_only_the_part_that_uses_it(grade: Grade) -> None:
    """With a note that names the line."""
    report = grade("def half(x):\n    return float(torch.atan(torch.tensor(x)))\n")
    assert report.parts[1].verdict is Verdict.FORBIDDEN
    assert "torch.atan" in report.parts[1].notes[0]
    assert report.parts[0].verdict.is_failure is False


def test_a_forbidden_function_reached_at_run_time_is_caught(grade: Grade) -> None:
    """The name is built while the code runs."""
    report = grade("def half(x):\n    return float(getattr(torch, 'a' + 'tan')(torch.tensor(x)))\n")
    assert report.parts[1].verdict is Verdict.FORBIDDEN


def test_a_dead_process_costs_one_check(grade: Grade) -> None:
    """The rest of the part goes on in a new run."""
    found = verdicts(grade("import os\ndef half(x):\n    os._exit(0) if x == 3.0 else None\n    raise TypeError\n"))
    assert (found["half.test_value"], found["half.test_text"]) == (Verdict.EXCEPTION, Verdict.PASS)


def test_parts_are_apart_unless_together(grade: Grade) -> None:
    """What code keeps from one part is gone in the next one, unless all of them are given one process."""
    keeps = "_double, seen = double, []\ndef double(x):\n    seen.append(x)\n    return _double(x)\n"
    keeps += "_half = half\ndef half(x):\n    return _half(x) + len(seen)\n"
    apart, together = (grade(keeps, together=shared) for shared in (False, True))
    assert [report.parts[1].verdict for report in (apart, together)] == [Verdict.PASS, Verdict.WRONG_VALUE]


def test_repeated_timeouts_end_a_parts_patience(grade: Grade) -> None:
    """After two walls the other checks are not waited for."""
    report = grade("def double(x):\n    while True: pass\n", wall_s=0.3, parts=("double",))
    assert set(verdicts(report).values()) == {Verdict.TIMEOUT, Verdict.NOT_MEASURED}
    assert report.elapsed_ms < 60_000
    assert "not run" in report.parts[0].checks[2].detail


def test_a_slow_answer_is_too_slow_and_earns_half(grade: Grade) -> None:
    """Right, but eight times the reference's cost."""
    slow = "_fast = double\ndef double(x):\n    return sum(_fast(x) for _ in range(8)) / 8\n"
    report = grade(slow, budgets=True, parts=("double",))
    assert report.parts[0].verdict is Verdict.TOO_SLOW
    assert report.points == 2


def test_the_same_submission_gets_the_same_seed_and_another_one_another(grader: Grader, task: Task) -> None:
    """Seeds come from the secret, the task and the bytes."""
    one, same, other = (grader.seed(task, Submission("x", source)) for source in (b"a", b"a", b"b"))
    assert one == same != other


def test_a_report_repeats_apart_from_its_timings(grade: Grade) -> None:
    """Same bytes, same seed, same report."""
    wrong = "def double(x):\n    return x * 2.01\n"
    first, second = (without_timings(_json(grade(wrong))) for _ in range(2))
    assert first == second


def _json(report: Report) -> dict[str, object]:
    from grader.report import to_json

    return to_json(report)


def test_a_level_picks_its_parts(grade: Grade) -> None:
    """A junior is asked the first part only."""
    assert [part.id for part in grade(level="junior").parts] == ["double"]
