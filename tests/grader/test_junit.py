from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

from grader.junit import to_junit
from grader.report import Check, Report
from grader.verdict import Verdict

Make = Callable[..., Report]
CHECKS = (
    Check("test_a", Verdict.PASS, time_ms=1500.0),
    Check("test_b", Verdict.WRONG_VALUE, "Says <so>.", "secret", ((3, "return x"),)),
    Check("test_c", Verdict.NOT_MEASURED),
    Check("test_d", Verdict.SYSTEM_ERROR, detail="our fault"),
)


def test_counts(make_report: Make) -> None:
    """Each suite and the whole count their tests, failures, errors and skips."""
    root = ET.fromstring(to_junit([make_report(*CHECKS), make_report(CHECKS[0], submission="s2")]))
    counts = [[element.get(name) for name in ("tests", "failures", "errors", "skipped")] for element in (root, *root)]
    assert counts == [["5", "1", "1", "1"], ["4", "1", "1", "1"], ["1", "0", "0", "0"]]
    assert [suite.get("name") for suite in root] == ["s1", "s2"]


def test_cases(make_report: Make) -> None:
    """A case is named after task, part and check, and tells its time in seconds."""
    case = ET.fromstring(to_junit([make_report(*CHECKS)])).findall("*/testcase")[0]
    assert case.attrib == {"classname": "q026-stable-softmax.softmax", "name": "test_a", "time": "1.500"}


def test_failure(make_report: Make) -> None:
    """A failure has the verdict as its type and the docstring as its message, without the recruiter's detail."""
    text = to_junit([make_report(*CHECKS)])
    failure = ET.fromstring(text).find("*/testcase/failure")
    assert failure is not None
    assert failure.attrib == {"type": "wrong_value", "message": "Says <so>."}
    assert failure.text == "Says <so>.\nline 3: return x"
    assert "secret" not in text


def test_our_errors(make_report: Make) -> None:
    """Our own failures are errors, never failures, also for a submission that has no report."""
    root = ET.fromstring(to_junit([make_report(*CHECKS)], {"s9": "the lane died"}))
    errors = [(error.get("type"), error.get("message")) for error in root.iter("error")]
    assert errors == [("system_error", "our fault"), ("system_error", "the lane died")]
    assert root[1].get("name") == "s9"


def test_characters_xml_forbids(make_report: Make) -> None:
    """Whatever a candidate raised or wrote, the file can be parsed."""
    check = Check("test_\x00", Verdict.EXCEPTION, "\x1b[2J ]]> &", "", ((1, "\ud800\uffff"),))
    root = ET.fromstring(to_junit([make_report(check, submission="\x01")], {"\x02": "\x03"}).encode("utf-8"))
    assert root[0].get("name") == "\ufffd"


def test_no_reports() -> None:
    """An empty batch is an empty, valid file."""
    assert ET.fromstring(to_junit([])).get("tests") == "0"
