"""What is left of a report's JSON for a comparison of two gradings, and for the candidate."""

from __future__ import annotations

import re
from typing import Any, Final

from grader.verdict import OVER_BUDGET, Verdict

#: Verdicts whose detail quotes a measurement and whose lines are where it happened to stop.
MEASURED: Final = OVER_BUDGET | {Verdict.TIMEOUT, Verdict.MEMORY, Verdict.NOT_MEASURED}

#: What differs between two gradings of the same bytes, here or on another machine.
VARYING: Final = frozenset({"elapsed_ms", "time_ms", "cpu_ms", "peak_mb", "measured", "backend", "hardware"})

#: All that a candidate is told; a key that is not here is not shown.
SHOWN_REPORT: Final = (
    "format",
    "task",
    "title",
    "submission",
    "submission_digest",
    "level",
    "verdict",
    "points",
    "max_points",
)
SHOWN_PART: Final = ("id", "entry", "verdict", "points", "max_points", "notes")
SHOWN_CHECK: Final = ("verdict", "says", "lines")

#: Where an object stood in memory, as `repr` prints it.
ADDRESS: Final = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")


def without_timings(data: dict[str, Any]) -> dict[str, Any]:
    """A report's JSON without whatever may differ between two gradings of the same bytes; `data` is left as it is."""
    kept = {key: _steady(value) for key, value in data.items() if key not in VARYING}
    if kept.get("verdict") in MEASURED:
        kept = {key: value for key, value in kept.items() if key not in ("detail", "lines")}
    elif "detail" in kept:
        kept["detail"] = ADDRESS.sub("0x…", kept["detail"])
    return kept


def candidate_view(data: dict[str, Any]) -> dict[str, Any]:
    """A report's JSON as the candidate may see it: no names of tests, details, measurements, seed or machine."""
    parts = [
        {**_only(SHOWN_PART, part), "checks": [_only(SHOWN_CHECK, check) for check in part["checks"]]}
        for part in data["parts"]
    ]
    return {**_only(SHOWN_REPORT, data), "parts": parts}


def _only(keys: tuple[str, ...], data: dict[str, Any]) -> dict[str, Any]:
    return {key: data[key] for key in keys}


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return without_timings(value)
    return [_steady(item) for item in value] if isinstance(value, list) else value
