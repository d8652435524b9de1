"""Tests of how public tests are read: which there are, and what a lane cannot run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from grader.bank import Bank, default_root
from grader.public_tests import read_public_tests
from grader.textfile import TaskError

HEAD = "import pytest\n"


def names(source: str) -> list[str]:
    """What the tests of a source are called."""
    return [test.name for test in read_public_tests(Path("test_public.py"), source)]


def test_functions_and_methods_in_the_order_they_are_written() -> None:
    """Functions count, and methods of classes called Test; helpers do not."""
    source = (
        "def helper(): pass\ndef test_b(): pass\nclass TestA:\n    def test_z(self): pass\n    def other(self): pass\n"
    )
    assert names(source) == ["test_b", "TestA.test_z"]


def test_docstring_and_line() -> None:
    """A test comes with its sentence, in one line, and with its place."""
    (test,) = read_public_tests(Path("t.py"), '\ndef test_a():\n    """One\n    sentence."""\n')
    assert (test.says, test.line) == ("One sentence.", 2)


def test_cases_are_called_as_pytest_calls_them() -> None:
    """Numbers and strings by themselves, anything else by its argument and number; equal ones are told apart."""
    source = '@pytest.mark.parametrize("a, b", [(1, -2.5), ({}, "x"), (None, [1])])\ndef test_t(a, b): pass\n'
    assert names(HEAD + source) == ["test_t[1--2.5]", "test_t[a1-x]", "test_t[None-b2]"]
    twice = '@pytest.mark.parametrize("a", [1, 1])\ndef test_t(a): pass\n'
    assert names(HEAD + twice) == ["test_t[1_0]", "test_t[1_1]"]


def test_the_bank_has_the_tests_that_pytest_finds(tmp_path: Path) -> None:
    """Of every task, pytest collects the same tests in the same order."""
    (tmp_path / "solution.py").write_text("def __getattr__(name):\n    return type(name, (), {})\n", encoding="utf-8")
    expected = []
    for number, folder in enumerate(Bank(default_root()).folders()):
        source = (folder / "test_public.py").read_text(encoding="utf-8")
        (tmp_path / f"test_{number:02}.py").write_text(source, encoding="utf-8")
        expected += [f"test_{number:02}.py.{name}" for name in names(source)]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert [line.replace("::", ".") for line in said.splitlines() if "::" in line] == expected


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("def test_(:", "not Python: "),
        ("from pytest import raises", "names are taken from pytest: write `import pytest`"),
        ("import pytest as pt", "pytest is imported in part or by another name"),
        ("import pytest.mark", "pytest is imported in part or by another name"),
        ("import pytest\ndef test_a(): pytest.fail('x')", "pytest.fail cannot be used in public tests: only "),
        ("import pytest\n@pytest.fixture\ndef small(): pass", "pytest.fixture cannot be used"),
        ("import pytest\n@pytest.mark.skipif(True)\ndef test_a(): pass", "pytest.mark.skipif cannot be used"),
        ("import pytest\nr = pytest.raises", "pytest.raises cannot be used"),
        ("import pytest\nr = pytest", "pytest cannot be used"),
        ("import pytest\nx = pytest.raises(ValueError, int, 'x')", "pytest.raises is called in a way that"),
        ("import pytest\nx = pytest.approx(1, 2)", "pass 1 arguments, and by name abs, nan_ok, rel"),
        ("import pytest\nx = pytest.approx(1, **{})", "pytest.approx is called in a way that"),
        ("import pytest\nx = pytest.approx(*[1])", "pytest.approx is called in a way that"),
        ("import pytest\npytest.importorskip('numpy', '2')", "pytest.importorskip is called in a way that"),
        ("import pytest\nmarked = pytest.mark.parametrize('a', [1])", "pytest.mark.parametrize decorates no test"),
        ("def test_a(tmp_path): pass", "test_a takes what it is not given: public tests have no fixtures"),
        ("def test_a(*, x=1): pass", "test_a takes what it is not given"),
        ("async def test_a(): pass", "test_a would not be run"),
        ("if True:\n    def test_a(): pass", "test_a would not be run"),
        ("if True:\n    class TestA: pass", "TestA would not be run"),
        ("class TestA:\n    class TestB: pass", "TestB would not be run"),
        ("class TestA:\n    def setup_method(self): pass", "setup_method would not be run"),
        ("class TestA(dict): pass", "TestA has a base or a decorator"),
        ("class TestA:\n    def __init__(self): pass", "TestA has an __init__"),
        ("def test_a(): pass\ndef test_a(): pass", "test_a is defined twice"),
        ("import functools\n@functools.cache\ndef test_a(): pass", "test_a has decorators other than one "),
    ],
)
def test_what_a_lane_cannot_run_is_refused(source: str, problem: str) -> None:
    """The message says what cannot be, in which line, and what to write instead."""
    with pytest.raises(TaskError, match=re.escape(problem)) as caught:
        names(source)
    assert caught.value.line


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("NAMES, [1]", "the names of a test's arguments cannot be read here"),
        ("('a',), [(1,)]", "the names of a test's arguments cannot be read here"),
        ("'a', range(3)", "the cases of a test cannot be counted here"),
        ("'a', [1, *MORE]", "the cases of a test cannot be counted here"),
        ("'a', []", "test_t has no cases"),
        ("'a, b', [(1, 2, 3)]", "this case needs 2 values: a, b"),
        ("'b', [1]", "test_t takes what it is not given"),
    ],
)
def test_cases_that_cannot_be_counted_are_refused(arguments: str, problem: str) -> None:
    """How many cases there are has to be plain from the text."""
    with pytest.raises(TaskError, match=re.escape(problem)):
        names(f"{HEAD}@pytest.mark.parametrize({arguments})\ndef test_t(a): pass\n")
