"""The report of one graded submission, and its JSON form."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from grader.score import ReportVerdict
from grader.verdict import Verdict
from grader.views import candidate_view, without_timings

__all__ = [
    "Check",
    "PartReport",
    "Report",
    "ReportError",
    "candidate_view",
    "clean",
    "from_json",
    "plain",
    "to_json",
    "without_timings",
]

FORMAT: Final = 1

#: What a JSON column, an XML file or a terminal cannot hold safely: controls, surrogates, text-direction overrides.
UNSAFE: Final = re.compile(
    "[^\t\n -~\xa0-\u200d\u2010-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]"
)


class ReportError(ValueError):
    """Not a report, or one of another format."""


@dataclass(frozen=True)
class Check:
    """One hidden test. `says` is its docstring, "" when it passed; `detail` and `measured` are for the recruiter.

    `lines` are the candidate's own lines in the traceback: number and text.
    """

    name: str
    verdict: Verdict
    says: str = ""
    detail: str = ""
    lines: tuple[tuple[int, str], ...] = ()
    time_ms: float = 0.0
    measured: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PartReport:
    """One part. `notes` are sentences about the code itself, such as where it uses a forbidden name."""

    id: str
    entry: str
    verdict: Verdict
    points: int
    max_points: int
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()
    cpu_ms: float = 0.0
    peak_mb: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything known about one graded submission; the recruiter's view."""

    format: int = FORMAT
    task: str
    title: str
    task_digest: str
    submission: str
    submission_digest: str
    seed: int
    grader_version: str
    backend: dict[str, Any]
    hardware: dict[str, Any]
    level: str | None
    verdict: ReportVerdict
    points: int
    max_points: int
    parts: tuple[PartReport, ...]
    elapsed_ms: float


def clean(text: str) -> str:
    """`text` with every character replaced that a database, an XML file or a terminal would choke on."""
    return UNSAFE.sub("\ufffd", text.replace("\r\n", "\n"))


def to_json(report: Report) -> dict[str, Any]:
    """The report as plain JSON values, its texts cleaned; a number that is not finite becomes None."""
    values: dict[str, Any] = plain(asdict(report))
    return values


def from_json(data: dict[str, Any]) -> Report:
    """The report that `to_json` wrote.

    Raises:
        ReportError: it is of another format, a key is unknown or missing, or a verdict is unknown.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ReportError(f"not a report of format {FORMAT}")
    try:
        parts = tuple(_part(part) for part in data["parts"])
        return Report(**{**data, "verdict": ReportVerdict(data["verdict"]), "parts": parts})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ReportError(f"not a report of format {FORMAT}: {error}") from error


def plain(value: Any) -> Any:
    """`value` as plain JSON values, its texts cleaned; a number that is not finite becomes None."""
    if isinstance(value, dict):
        return {clean(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return clean(str(value)) if isinstance(value, str) else value


def _part(data: dict[str, Any]) -> PartReport:
    checks = tuple(_check(check) for check in data["checks"])
    return PartReport(**{**data, "verdict": Verdict(data["verdict"]), "checks": checks, "notes": tuple(data["notes"])})


def _check(data: dict[str, Any]) -> Check:
    lines = tuple((int(number), str(text)) for number, text in data["lines"])
    measured = {key: math.nan if value is None else value for key, value in data["measured"].items()}
    return Check(**{**data, "verdict": Verdict(data["verdict"]), "lines": lines, "measured": measured})
