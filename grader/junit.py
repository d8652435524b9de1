"""Reports as JUnit XML, so that any continuous integration can show them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from grader.report import Check, Report, clean
from grader.verdict import Verdict

NONE: Final[Mapping[str, str]] = MappingProxyType({})


def to_junit(reports: Iterable[Report], broken: Mapping[str, str] = NONE) -> str:
    """The XML of many reports: a test suite a submission, a test case a check.

    Args:
        reports: the graded submissions.
        broken: submissions that could not be graded because we failed, each with what went wrong.
    """
    root = ET.Element("testsuites")
    for report in reports:
        root.append(_suite(report))
    for submission, message in broken.items():
        root.append(_broken_suite(submission, message))
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _suite(report: Report) -> ET.Element:
    suite = ET.Element("testsuite", name=clean(report.submission), time=_seconds(report.elapsed_ms))
    suite.append(_properties(report))
    for part in report.parts:
        for check in part.checks:
            suite.append(_case(f"{report.task}.{part.id}", check))
    return _counted(suite)


def _properties(report: Report) -> ET.Element:
    properties = ET.Element("properties")
    for name in ("task", "task_digest", "submission_digest", "seed", "verdict", "points", "max_points"):
        ET.SubElement(properties, "property", name=name, value=clean(str(getattr(report, name))))
    return properties


def _case(classname: str, check: Check) -> ET.Element:
    case = ET.Element("testcase", classname=clean(classname), name=clean(check.name), time=_seconds(check.time_ms))
    if check.verdict is Verdict.SYSTEM_ERROR:
        _say(case, "error", check.verdict, check.detail)
    elif check.verdict is Verdict.NOT_MEASURED:
        ET.SubElement(case, "skipped", message=str(check.verdict))
    elif check.verdict.is_failure:
        _say(case, "failure", check.verdict, check.says, check.lines)
    return case


def _broken_suite(submission: str, message: str) -> ET.Element:
    suite = ET.Element("testsuite", name=clean(submission), time=_seconds(0.0))
    case = ET.SubElement(suite, "testcase", classname=clean(submission), name="grading", time=_seconds(0.0))
    _say(case, "error", Verdict.SYSTEM_ERROR, message)
    return _counted(suite)


def _say(case: ET.Element, tag: str, verdict: Verdict, message: str, lines: tuple[tuple[int, str], ...] = ()) -> None:
    element = ET.SubElement(case, tag, type=str(verdict), message=clean(message))
    element.text = clean("\n".join([message, *(f"line {number}: {text}" for number, text in lines)]))


def _counted(suite: ET.Element) -> ET.Element:
    for count, path in (
        ("tests", "testcase"),
        ("failures", "testcase/failure"),
        ("errors", "testcase/error"),
        ("skipped", "testcase/skipped"),
    ):
        suite.set(count, str(len(suite.findall(path))))
    return suite


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"
