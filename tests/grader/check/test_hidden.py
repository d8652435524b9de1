from __future__ import annotations

from grader.check import hidden
from tests.grader.check.conftest import HIDDEN, Write


def test_tests(write_task: Write) -> None:
    """Every test function is found with its class, line and sentence."""
    tests = hidden.tests_of(write_task())
    names = [
        "TestMean.test_definition",
        "TestMean.test_nothing",
        "TestPowerSum.test_definition",
        "TestPowerSum.test_speed",
    ]
    assert [str(test) for test in tests] == names
    assert tests[1].says == "Nothing has no mean."
    assert HIDDEN.split("\n")[tests[1].line - 1].strip().startswith("def test_nothing")


def test_classes(write_task: Write) -> None:
    """Classes of tests are found, others are helpers."""
    task = write_task(("test_hidden.py", "class TestMean", "class Helper:\n    pass\n\n\nclass TestMean"))
    assert list(hidden.classes_of(task)) == ["TestMean", "TestPowerSum"]


def test_function_of() -> None:
    """All cases of a parametrised test are one function."""
    assert [hidden.function_of(name) for name in ("test_a", "test_a[x]", "test_a[x[1]]")] == ["test_a"] * 3
