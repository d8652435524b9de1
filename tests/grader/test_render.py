from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from grader.render import render
from grader.report import Check, PartReport, Report
from grader.verdict import Verdict

Make = Callable[..., Report]
PASSED = Check("test_fine", Verdict.PASS, measured={"ratio": 1.234, "limit": 2.0})
FAILED = Check("test_sum", Verdict.WRONG_VALUE, "Rows sum to one.", "expected 1, got 2", ((12, "    return x.exp()"),))


def shown(report: Report, verbose: bool = False, width: int = 100, colour: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=colour, color_system="truecolor" if colour else None)
    render(report, console, verbose)
    return file.getvalue()


def test_head_and_table(make_report: Make) -> None:
    """The report opens with task, verdict and points, and a table of the parts."""
    text = shown(make_report(PASSED, FAILED))
    assert "q026-stable-softmax  Stable softmax" in text
    assert "fail: 0 of 5 points, submission s1, level junior" in text
    assert "0/5" in text
    assert "1/2" in text


def test_failed_part(make_report: Make) -> None:
    """A failed part shows how many checks failed, what they state and the candidate's own lines."""
    text = shown(make_report(PASSED, FAILED))
    assert "1 of 2 checks: wrong_value" in text
    assert "Rows sum to one." in text
    assert "line 12: return x.exp()" in text


def test_details_only_when_asked(make_report: Make) -> None:
    """Details, measurements, seed and machine are shown to the recruiter alone."""
    secrets = ("expected 1, got 2", "ratio 1.23", "seed 7", "bubblewrap", "test_sum")
    brief, whole = shown(make_report(PASSED, FAILED)), shown(make_report(PASSED, FAILED), verbose=True)
    assert not any(secret in brief for secret in secrets)
    assert all(secret in whole for secret in secrets)


def test_many_alike_are_counted(make_report: Make) -> None:
    """Many checks of one verdict take a few lines, and all of them are counted."""
    checks = [Check(f"test_{n}", Verdict.FORBIDDEN, f"Sentence {n}.") for n in range(17)]
    text = shown(make_report(*checks, *[PASSED] * 3, verdict=Verdict.FORBIDDEN))
    assert "17 of 20 checks: forbidden" in text
    assert "and 14 more" in text
    assert text.count("Sentence") == 3


def test_one_sentence_once(make_report: Make) -> None:
    """Cases of one test that fail alike are shown once."""
    text = shown(make_report(*[FAILED] * 5))
    assert text.count("Rows sum to one.") == 1
    assert "(5 times)" in text


def test_passed_parts_are_quiet(make_report: Make) -> None:
    """A part that passed has its row and nothing more, unless there is a note about it."""
    part = PartReport("softmax", "softmax", Verdict.PASS, 5, 5, (PASSED,))
    assert "1 of 1 checks" not in shown(make_report(parts=(part,)))
    noted = replace(part, notes=("line 7 uses torch.softmax, which this task forbids",))
    assert "line 7 uses torch.softmax, which this task forbids" in shown(make_report(parts=(noted,)))


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("text", ["[bold red]x[/]", "[/nope]", ":smile:", "[link=http://x]y[/link]"])
def test_markup_is_text(make_report: Make, text: str, colour: bool) -> None:
    """What looks like markup in a candidate's text is printed as it stands."""
    check = Check("t", Verdict.EXCEPTION, text, text, ((1, text),))
    part = PartReport(text, "f", Verdict.EXCEPTION, 0, 5, (check,), (text,))
    report = make_report(parts=(part,), submission=text, title=text, backend={"name": text})
    assert shown(report, verbose=True, width=200, colour=colour).count(text) >= 7


def test_control_characters_do_nothing(make_report: Make) -> None:
    """A candidate's text cannot steer the terminal of whoever reads the report."""
    bad = "\x1b]0;owned\x07\x1b[2J\x9b1m\u202e\r\x08\ud800"
    check = Check(bad, Verdict.EXCEPTION, bad, bad, ((1, bad),), measured={bad: 1.0})
    part = PartReport(bad, bad, Verdict.EXCEPTION, 0, 5, (check,), (bad,))
    report = make_report(parts=(part,), submission=bad, title=bad, task=bad, level=bad, hardware={bad: bad})
    text = shown(report, verbose=True, width=300)
    assert not set(text) & set("\x1b\x07\x9b\u202e\r\x08\ud800")


def test_narrow_terminal(make_report: Make) -> None:
    """A narrow terminal loses no words."""
    text = shown(make_report(PASSED, FAILED), width=40)
    assert max(map(len, text.splitlines())) <= 40
    assert "Rows sum to one." in text


def test_our_error_is_shown(make_report: Make) -> None:
    """A check that we could not judge is told, not passed over."""
    text = shown(make_report(Check("test_x", Verdict.SYSTEM_ERROR), verdict=Verdict.SYSTEM_ERROR))
    assert "1 of 1 checks: system_error" in text
