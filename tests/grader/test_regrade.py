from __future__ import annotations

from typing import Any

from grader.regrade import Change, compare, matrix


def report(verdict: str, points: int, checks: dict[str, str], digest: str = "a") -> dict[str, Any]:
    """A report with one part."""
    rows = [{"name": name, "verdict": said} for name, said in checks.items()]
    parts = [{"id": "p", "verdict": verdict, "checks": rows}]
    numbers = {"verdict": verdict, "points": points, "max_points": 5, "task_digest": digest}
    return {"task": "t", "submission": "s", "parts": parts, "elapsed_ms": points * 7.0, **numbers}


def test_same() -> None:
    """Reports that differ in timings alone are the same."""
    one = report("pass", 5, {"a": "pass"})
    comparison = compare(one, {**one, "elapsed_ms": 99.0})
    assert not comparison.is_change
    assert comparison.changes == ()


def test_changes() -> None:
    """Every check that is judged otherwise, is new, or is gone is a change, and so is the part's verdict."""
    old = report("pass", 5, {"a": "pass", "b": "pass", "c": "pass"})
    comparison = compare(old, report("wrong_value", 2, {"a": "pass", "b": "wrong_value", "d": "pass"}, "b"))
    assert comparison.is_change
    assert comparison.changes == (
        Change("p", "", "pass", "wrong_value"),
        Change("p", "b", "pass", "wrong_value"),
        Change("p", "c", "pass", "absent"),
        Change("p", "d", "absent", "pass"),
    )
    assert (comparison.old_task_digest, comparison.new_task_digest) == ("a", "b")


def test_another_check_alone_moves_nobody() -> None:
    """Where verdict and points stay, nothing changed for the candidate."""
    comparison = compare(report("fail", 0, {"a": "exception"}), report("fail", 0, {"a": "wrong_value"}))
    assert not comparison.is_change
    assert len(comparison.changes) == 1


def test_erased() -> None:
    """A report of which only verdict and points are left can be compared by them."""
    erased = {"verdict": "pass", "points": 5, "max_points": 5, "task_digest": "a", "erased": True}
    assert not compare(erased, report("pass", 5, {})).is_change


def test_matrix() -> None:
    """The matrix counts who went from where to where."""
    up = compare(report("fail", 0, {}), report("pass", 5, {}))
    same = compare(report("pass", 5, {}), report("pass", 5, {}))
    assert matrix([up, same, up]) == {("fail", "pass"): 2, ("pass", "pass"): 1}
