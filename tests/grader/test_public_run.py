"""Tests of public tests run in a lane: of every task, and on code that does whatever it can."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader import grade, public_run
from grader.bank import Bank, default_root
from grader.grade import Grader, SystemFailure
from grader.public_report import MOST_OF_A_MESSAGE, MOST_PRINTED, PublicReport
from grader.public_run import PublicJob, run_public_tests
from grader.submission import Submission
from grader.task import Task, load_task
from grader.textfile import TaskError
from sandbox.errors import LaneLost
from sandbox.lane import Lane
from sandbox.request import Setup
from sandbox.run import Run
from tests.grader.conftest import MANIFEST, Write

Try = Callable[..., PublicReport]

FOLDERS = Bank(default_root()).folders()

PUBLIC = '''\
import pytest
import torch
from solution import log_softmax, softmax


class TestSoftmax:
    def test_one(self):
        """One."""
        assert softmax(1, 0) == 1

    @pytest.mark.parametrize("x", [2, 3])
    def test_more(self, x):
        """More."""
        assert softmax(x, 0) == x


class TestLogSoftmax:
    def test_log(self):
        """A logarithm."""
        torch.softmax(torch.ones(2), 0)
        assert log_softmax(0) == pytest.approx(0.5)


def test_apart():
    """Apart."""
    with pytest.raises(ValueError):
        softmax(-1, 0)
'''
RIGHT = """\
def softmax(x, dim):
    if x < 0:
        raise ValueError
    return x

def log_softmax(x):
    return 0.5
"""
NAMES = [
    *("TestSoftmax.test_one", "TestSoftmax.test_more[2]", "TestSoftmax.test_more[3]"),
    *("TestLogSoftmax.test_log", "test_apart"),
]
PASSED = ["passed"] * 5
#: Writes to whatever is open, the channel among it.
GARBAGE = "import os; [os.write(f, b'x' * 64) for f in range(3, 9) if os.path.exists(f'/proc/self/fd/{f}')]"
#: An endless claim of being skipped.
SKIPPED = (
    "runner._failure = lambda e: {'outcome': 'raised', 'types': ['Skipped'] * 99, 'message': 's' * 9999,"
    " 'lines': [[0, ''], [99999, 'x']] * 99}"
)


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    """One lane and no examiner."""
    opened = Grader(1)
    opened.open(examiner=False)
    yield opened
    opened.close()


@pytest.fixture
def task(write_task: Write) -> Task:
    """A small task, any call of which may take two seconds."""
    return load_task(write_task(**{"test_public.py": PUBLIC, "task.toml": f"wall_s = 2.0\n{MANIFEST}"}))


@pytest.fixture
def attempt(grader: Grader, task: Task) -> Iterator[Try]:
    """Run its public tests on some code. Afterwards they pass on right code: whatever it did, it harmed nobody."""

    def run(source: str, *parts: str) -> PublicReport:
        return grader.run_public(task, Submission("s.py", source.encode()), parts=parts)

    yield run
    assert outcomes(run(RIGHT)) == PASSED


def outcomes(report: PublicReport) -> list[str]:
    """How each test ended."""
    return [str(check.outcome) for check in report.checks]


def at_three(does: str) -> str:
    """Right code, but for what it does when it is given a three."""
    return RIGHT.replace("    return x\n", f"    if x == 3:\n        {does}\n    return x\n", 1)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_task(grader: Grader, folder: Path) -> None:
    """The reference passes the public tests or is told why one is skipped; the starter passes none."""
    task = load_task(folder)
    right = grader.run_public(task, Submission("reference.py", task.reference.encode()))
    assert right.checks
    assert [(c.name, c.message) for c in right.checks if c.outcome not in ("passed", "skipped")] == []
    assert all("triton is not installed" in c.message for c in right.checks if c.outcome == "skipped")
    assert set(outcomes(grader.run_public(task, Submission("starter.py", task.starter.encode())))) <= {
        *("error", "failed", "skipped")
    }


def test_all_passed(attempt: Try) -> None:
    """Right code passes every test; names and sentences are the task's."""
    report = attempt(RIGHT)
    assert report.passed
    assert [check.name for check in report.checks] == NAMES
    assert [check.says for check in report.checks] == ["One.", "More.", "More.", "A logarithm.", "Apart."]
    assert (report.notes, report.printed) == ((), "")
    assert report.elapsed_ms > 0


def test_wrong_value(attempt: Try) -> None:
    """A comparison that does not hold shows both of its sides and where it stands."""
    report = attempt(RIGHT.replace("0.5", "0.25"))
    failed = report.checks[3]
    assert not report.passed
    assert (failed.outcome, failed.message) == ("failed", "0.25 == 0.5 ± 5.0e-07 does not hold")
    assert failed.lines == ()
    assert failed.test_line == (21, "assert log_softmax(0) == pytest.approx(0.5)")


def test_nothing_raised(attempt: Try) -> None:
    """What should have raised and did not has failed."""
    failed = attempt(RIGHT.replace("raise ValueError", "return 0")).checks[4]
    assert (failed.outcome, failed.message) == ("failed", "did not raise ValueError")


def test_exception(attempt: Try) -> None:
    """An exception is told with the candidate's line and the test's."""
    failed = attempt(RIGHT.replace("return 0.5", "return {}['key']")).checks[3]
    assert (failed.outcome, failed.message) == ("error", "KeyError: 'key'")
    assert failed.lines == ((7, "return {}['key']"),)
    assert failed.test_line == (21, "assert log_softmax(0) == pytest.approx(0.5)")


def test_assertion_of_the_candidate(attempt: Try) -> None:
    """An assertion without a text says at least that it does not hold."""
    failed = attempt(at_three("assert x == 4")).checks[2]
    assert (failed.outcome, failed.message, failed.lines) == (
        *("failed", "the assertion does not hold"),
        ((5, "assert x == 4"),),
    )


def test_parts(attempt: Try) -> None:
    """With parts, only their tests are run, and those that belong to none."""
    assert [check.name for check in attempt(RIGHT, "log-softmax").checks] == NAMES[3:]


def test_unknown_part(grader: Grader, task: Task) -> None:
    """A part that the task lacks is refused."""
    with pytest.raises(TaskError, match="unknown part 'sofmax'"):
        grader.run_public(task, Submission("s.py", b""), parts=("sofmax",))


def test_forbidden_name_is_told(attempt: Try) -> None:
    """It is told with its line; the tests run all the same, and may use that name themselves."""
    report = attempt("import torch\n" + RIGHT.replace("return 0.5", "return torch.softmax(torch.ones(2), 0)[0]"))
    assert report.notes == ("line 8 uses torch.softmax, which this task forbids",)
    assert outcomes(report) == PASSED


def test_syntax_error(attempt: Try) -> None:
    """Code that is no Python is told with its line, once for all and with each test."""
    report = attempt("x = 1\ndef softmax(:\n")
    assert report.notes == ("the code cannot be loaded: line 2: SyntaxError: invalid syntax (solution.py, line 2)",)
    assert outcomes(report) == ["error"] * 5
    assert report.checks[0].lines == ((2, "def softmax(:"),)
    assert [check.name for check in report.checks] == NAMES


def test_missing_function(attempt: Try) -> None:
    """Public tests that cannot import what they need say what is missing."""
    report = attempt("def softmax(x, dim):\n    return x\n")
    assert outcomes(report) == ["error"] * 5
    (note,) = report.notes
    assert note.startswith("the public tests cannot be loaded: line 3: ImportError: cannot import name 'log_softmax'")


def test_pytest_is_not_there_for_candidates(attempt: Try) -> None:
    """Code that imports pytest learns here that it would not be graded."""
    (note,) = attempt(f"import pytest\n{RIGHT}").notes
    assert note == "the code cannot be loaded: line 1: ModuleNotFoundError: No module named 'pytest'"


@pytest.mark.parametrize(
    ("does", "outcome", "message"),
    [
        ("while True: pass", "timeout", "still running after 2 s"),
        ("import sys; sys.exit(0)", "error", "SystemExit: 0"),
        ("import os; os._exit(3)", "died", "the process ended by itself: exit status 3"),
        ("import ctypes; ctypes.string_at(0)", "died", "the process ended by itself: signal 11"),
        ("bytearray(1 << 40)", "memory", "more memory than allowed"),
        ("raise KeyboardInterrupt", "error", "KeyboardInterrupt"),
        (GARBAGE, "error", ""),
    ],
)
def test_an_evil_moment_costs_one_test(attempt: Try, does: str, outcome: str, message: str) -> None:
    """A test that does not come to its end is told so; those before and after it pass."""
    report = attempt(at_three(does))
    assert outcomes(report) == ["passed", "passed", outcome, "passed", "passed"]
    assert message in report.checks[2].message


def test_endless_loops_are_not_waited_for_without_end(attempt: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    """When all tests together have taken too long, the rest is not run."""
    monkeypatch.setattr(public_run, "MOST_WALLS", 0.5)
    report = attempt(RIGHT.replace("    if x", "    while x > 0: pass\n    if x"))
    monkeypatch.undo()
    assert outcomes(report) == ["timeout"] * 5
    assert [check.message.startswith("not run: ") for check in report.checks] == [False, True, True, True, True]


def test_code_that_cannot_be_loaded_is_not_loaded_again(attempt: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless loop at the top costs one wall, not one a test."""
    started, run = list[Lane](), Lane.run

    def counted(lane: Lane, setup: Setup | None = None) -> Run:
        started.append(lane)
        return run(lane, setup)

    monkeypatch.setattr(Lane, "run", counted)
    report = attempt("while True: pass")
    assert outcomes(report) == ["timeout"] * 5
    assert len(started) == 1
    assert report.notes == (f"the code cannot be loaded: {report.checks[0].message}",)


def test_what_was_printed(attempt: Try) -> None:
    """What the code prints is there, in order; what it prints when it is loaded is not repeated after a crash."""
    source = at_three("import os; os._exit(1)").replace("    return 0.5", "    print('log'); return 0.5")
    report = attempt("print('loaded')\n" + source)
    assert report.printed == "loaded\nlog\n"


def test_flood_of_output_is_bounded(attempt: Try) -> None:
    """Of a flood the beginning is kept."""
    report = attempt(RIGHT.replace("    return 0.5", "    [print('x' * 999) for _ in range(999)]; return 0.5"))
    assert outcomes(report) == PASSED
    assert len(report.printed) == MOST_PRINTED


def test_texts_are_clean_and_bounded(attempt: Try) -> None:
    """No control character, half character or endless message gets through."""
    report = attempt("print('\\x1b[2J')\n" + at_three("raise ValueError('\\x1b\\ud800' + 'm' * 9999)"))
    assert "\x1b" not in report.printed + report.checks[2].message
    assert len(report.checks[2].message) <= MOST_OF_A_MESSAGE
    json.dumps(report.to_json(), ensure_ascii=False).encode()


FORGED = "import sandbox.runner as runner\n" + RIGHT


@pytest.mark.parametrize(
    ("forgery", "outcome"),
    [
        ("runner.call = lambda *a: None", "passed"),
        ("runner.call = lambda *a: 'passed'", "error"),
        ("runner.call = lambda *a: {'outcome': 'passed'}", "error"),
        ("runner.call = lambda *a: bytes(2 << 20)", "error"),
        ("runner._failure = lambda e: {'outcome': 'returned'}", "passed"),
        ("runner._failure = lambda e: {'outcome': 'raised', 'types': 3, 'message': '', 'lines': []}", "error"),
        ("runner._failure = lambda e: {'outcome': 'raised', 'types': [], 'message': '', 'lines': []}", "error"),
        (SKIPPED, "skipped"),
        ("runner._failure = lambda e: {'outcome': 'perfect', 'message': None}", "error"),
        ("runner.note = runner._notes.append; [runner.note(f'at\\t{n}') for n in ('²', '-1', '9' * 99, 'x')]", "error"),
        ("import sys; sys.modules['solution'] = None", "error"),
        ("import builtins; del builtins.getattr", "error"),
        ("import builtins; del builtins.isinstance", "died"),
        ("import sys; sys.modules.clear()", "error"),
    ],
)
def test_forged_answers_break_nothing(attempt: Try, forgery: str, outcome: str) -> None:
    """Whatever a lane claims, there is one check for each test of the task, and each is well-formed."""
    report = attempt(f"{FORGED.replace('return 0.5', '1 / 0')}\n{forgery}\n")
    assert [check.name for check in report.checks] == NAMES
    assert all(len(check.message) <= MOST_OF_A_MESSAGE for check in report.checks)
    assert all(0 < number < 20 for check in report.checks for number, _ in check.lines)
    assert outcome in outcomes(report)


def test_a_lane_is_left_as_it_was(grader: Grader, task: Task) -> None:
    """What bounds public tests bounds nobody after them."""
    job = PublicJob.of(task, Submission("s.py", RIGHT.encode()), task.parts)
    with grader._lanes.lane() as lane:
        before = lane.limits
        assert outcomes(run_public_tests(lane, job)) == PASSED
        assert lane.limits == before


def test_a_lane_that_fails_is_tried_again(attempt: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure of ours is not the candidate's."""
    tries = list[Lane]()

    def flaky(lane: Lane, job: PublicJob) -> PublicReport:
        tries.append(lane)
        if len(tries) == 1:
            raise LaneLost("the machine hiccuped")
        return run_public_tests(lane, job)

    monkeypatch.setattr(grade, "run_public_tests", flaky)
    assert outcomes(attempt(RIGHT)) == PASSED
    assert len(tries) == 2


def test_a_fault_that_stays_is_a_system_failure(grader: Grader, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as what it is, with its reason."""

    def broken(*_: object) -> None:
        raise LaneLost("no space left")

    monkeypatch.setattr(grade, "run_public_tests", broken)
    monkeypatch.setattr(grade, "TRIES", 1)
    with pytest.raises(SystemFailure, match="no space left"):
        grader.run_public(task, Submission("s.py", RIGHT.encode()))


def test_public_tests_that_cannot_be_run(grader: Grader, write_task: Write) -> None:
    """A broken task is told with file and line."""
    task = load_task(write_task(**{"test_public.py": "def test_a(tmp_path):\n    pass\n"}))
    with pytest.raises(TaskError, match=r"test_public\.py:1: test_a takes what it is not given"):
        grader.run_public(task, Submission("s.py", b""))
