"""The pytest plugin of the examiner: pauses a collected session, and runs it in a fork for each submission.

A task's template is an ordinary pytest session that stops in `pytest_runtestloop`, its tests collected. There it
waits for jobs. For each one it forks; the child runs the collected items against the submission and ends without
returning to pytest. What pytest would print or exit with is not looked at.
"""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Callable
from typing import Any, Final

import numpy
import pytest
import torch

from grader.exam import Exam
from grader.testing import assert_close
from grader.verdict import CandidateFailure
from sandbox import wire

#: Plugins that hidden tests do not need, each of which costs time at every test or at the session's end.
SWITCHED_OFF: Final = [
    "cacheprovider",
    "doctest",
    "faulthandler",
    "junitxml",
    "legacypath",
    "logging",
    "monkeypatch",
    "nose",
    "pastebin",
    "recwarn",
    "setuponly",
    "setupplan",
    "stepwise",
    "terminal",
    "terminalprogress",
    "threadexception",
    "tmpdir",
    "unittest",
    "unraisableexception",
    "warnings",
    "debugging",
    "capture",
    "subtests",
]


class ExamPlugin:
    """Registered with each template's session."""

    def __init__(self, serve: Callable[[pytest.Session], None]) -> None:
        self._serve = serve
        self.exam: Exam | None = None
        self._name = ""
        self._error: BaseException | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Wait for jobs instead of running, unless the tests could not all be collected."""
        if session.items and not session.testsfailed:
            self._serve(session)
        return True

    def examine(self, session: pytest.Session, exam: Exam) -> None:
        """Run the items of the exam's parts; in the forked child only."""
        self.exam = exam
        seed_everything()
        items = [item for item in session.items if class_of(item) in exam.parts]
        for item, following in zip(items, [*items[1:], None], strict=True):
            renew(item)
            exam.begin(class_of(item))
            self._run(item, following)
            exam.end(item.name, docstring(item), self._error)
        exam.end_part()

    def rehearse(self, session: pytest.Session) -> None:
        """Do once what every test will do, so that a fork's pages are its own before a job comes."""
        rehearse_judging()
        for item in session.items[:1]:
            self._run(item, None)

    def _run(self, item: pytest.Item, following: pytest.Item | None) -> None:
        """Run one item by pytest's own hooks and keep its first error; pytest's reports nobody reads."""
        self._name, self._error = item.name, None
        try:
            item.ihook.pytest_runtest_setup(item=item)
            item.ihook.pytest_runtest_call(item=item)
        except BaseException as error:  # pytest's own outcomes are no Exceptions
            self._error = error
        try:
            item.ihook.pytest_runtest_teardown(item=item, nextitem=following)
        except BaseException as error:
            self._error = self._error or error

    @pytest.fixture
    def candidate(self) -> Any:
        """The candidate's module; calls on it run in the sandbox."""
        assert self.exam is not None, "only a rehearsal"
        return self.exam.candidate()

    @pytest.fixture
    def rng(self) -> torch.Generator:
        """A generator seeded for this submission and this test."""
        assert self.exam is not None
        return self.exam.generator(self._name)

    @pytest.fixture
    def budget(self) -> Any:
        """Measures the candidate against the reference."""
        assert self.exam is not None
        return self.exam.budget(self._name)

    @pytest.fixture
    def device(self) -> torch.device:
        """Where the candidate's code runs; a test's own tensors stay on the CPU."""
        return self.exam.device if self.exam else torch.device("cpu")


def rehearse_judging() -> None:
    """Draw, send, receive, compute and compare, as a hidden test does."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(5, 7, generator=generator)
        head = {"op": "call", "module": "solution", "function": "f", "beside": "", "watch": True}
        wire.send_frame(ours, head, wire.Encoder(((x,), {"dim": -1})).parts())
        _, payload = wire.receive_frame(theirs, 1 << 20)
        (got,), _ = wire.decode(payload)
        wide = x.double()
        assert_close(got, (wide - wide.amax(-1, keepdim=True)).exp().log() + wide.amax(-1, keepdim=True))
        with contextlib.suppress(CandidateFailure):
            assert_close(got + 1, wide)
        got.t().contiguous().sum(0).half().bfloat16()


def seed_everything() -> None:
    """Start every submission from one state of the generators that a test should not, but could, draw from."""
    random.seed(0)
    numpy.random.seed(0)
    torch.default_generator.manual_seed(0)


def renew(item: pytest.Item) -> None:
    """Give an item that may have run before new fixtures and a new instance: pytest makes it for one run."""
    if isinstance(item, pytest.Function):
        item._initrequest()
        item._instance = item._getinstance()  # type: ignore[no-untyped-call]  # pytest leaves it untyped
        item._obj = item._getobj()  # type: ignore[no-untyped-call]  # this too


def class_of(item: pytest.Item) -> str:
    """The name of the class that holds a test; "" for a bare function."""
    parent = item.getparent(pytest.Class)
    return parent.name if parent else ""


def docstring(item: pytest.Item) -> str:
    """The one sentence a test says when it fails."""
    function = getattr(item, "function", None)
    return " ".join((function.__doc__ or "").split()) if function else ""
