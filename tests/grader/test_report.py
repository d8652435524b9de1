from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from grader.report import Check, Report, ReportError, clean, from_json, to_json
from grader.verdict import Verdict

Make = Callable[..., Report]
CHECK = Check("test_a", Verdict.WRONG_VALUE, "Says.", "detail", ((3, "return x"),), 1.5, {"ratio": 1.2, "limit": 2.0})


def test_round_trip(make_report: Make) -> None:
    """A report comes back from JSON text as it went."""
    report = make_report(CHECK, Check("test_b", Verdict.PASS))
    data = json.loads(json.dumps(to_json(report), allow_nan=False))
    assert from_json(data) == report
    assert data["format"] == 1
    assert type(to_json(report)["verdict"]) is str


def test_numbers_that_are_not_finite(make_report: Make) -> None:
    """A measurement that is not a finite number still makes valid JSON."""
    report = make_report(replace(CHECK, measured={"ratio": math.inf}))
    data = json.loads(json.dumps(to_json(report), allow_nan=False))
    assert math.isnan(from_json(data).parts[0].checks[0].measured["ratio"])


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain\ttext\r\nплюс 数 🙂", "plain\ttext\nплюс 数 🙂"),
        ("\x00\x07\x1b[2J", "\ufffd\ufffd\ufffd[2J"),
        ("a\rb\x85\x9b\x7f", "a\ufffdb\ufffd\ufffd\ufffd"),
        ("\ud800 \u202e \u2066 \u2028 \ufffe \uffff", "\ufffd \ufffd \ufffd \ufffd \ufffd \ufffd"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    """Controls, surrogates and direction overrides are replaced; every other script is kept."""
    assert clean(text) == cleaned


def test_json_is_clean(make_report: Make) -> None:
    """What a candidate's exception says cannot break the database's JSON column."""
    report = make_report(replace(CHECK, detail="\x00\ud800", lines=((1, "\x1b"),)))
    assert "\\u0000" not in json.dumps(to_json(report))
    json.dumps(to_json(report), ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"format": None}, {"extra": 1}, {"verdict": "fine"}, {"parts": 1}, {"parts": [{}]}, {"parts": [1]}],
)
def test_refused(make_report: Make, change: dict[str, object]) -> None:
    """Another format, an unknown key or verdict and a broken part are refused by name."""
    with pytest.raises(ReportError, match="not a report of format 1"):
        from_json({**to_json(make_report(CHECK)), **change})


def test_missing_key_is_refused(make_report: Make) -> None:
    """A report that lacks a key is refused, and so is what is no report at all."""
    data = to_json(make_report(CHECK))
    del data["seed"]
    wrongs: list[Any] = [data, [], {}, None]
    for wrong in wrongs:
        with pytest.raises(ReportError):
            from_json(wrong)
