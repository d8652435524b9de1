from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from grader.report import Check, Report, to_json
from grader.verdict import Verdict
from grader.views import candidate_view, without_timings

Make = Callable[..., Report]
CHECK = Check("test_a[secret]", Verdict.WRONG_VALUE, "Says.", "secret", ((3, "return x"),), 1.5, {"ratio": 1.2})


def test_gradings_of_the_same_bytes_compare_equal(make_report: Make) -> None:
    """Times, measurements, addresses and the machine do not make two gradings differ."""
    one = make_report(replace(CHECK, detail="<f at 0x7f00aa10>"), elapsed_ms=1.0)
    other = make_report(
        replace(CHECK, detail="<f at 0x7f00bb20>", time_ms=9.0, measured={"ratio": 1.3}),
        elapsed_ms=2.0,
        backend={"name": "container"},
        hardware={},
    )
    part = replace(other.parts[0], cpu_ms=99.0, peak_mb=99.0)
    assert without_timings(to_json(one)) == without_timings(to_json(replace(other, parts=(part,))))


@pytest.mark.parametrize("verdict", [Verdict.TOO_SLOW, Verdict.TOO_LARGE, Verdict.TIMEOUT, Verdict.MEMORY])
def test_measured_details_do_not_differ(make_report: Make, verdict: Verdict) -> None:
    """The detail of a missed budget quotes what was measured, and is left out."""
    reports = [make_report(replace(CHECK, verdict=verdict, detail=text)) for text in ("2.1 x", "2.2 x")]
    assert without_timings(to_json(reports[0])) == without_timings(to_json(reports[1]))


@pytest.mark.parametrize(
    "change", [{"verdict": Verdict.EXCEPTION}, {"detail": "0x10"}, {"lines": ((4, "return x"),)}, {"says": "Else."}]
)
def test_other_differences_remain(make_report: Make, change: dict[str, object]) -> None:
    """What grading found is compared in full."""
    one, other = make_report(CHECK), make_report(replace(CHECK, **change))  # type: ignore[arg-type]  # by name
    assert without_timings(to_json(one)) != without_timings(to_json(other))


def test_views_leave_the_report_alone(make_report: Make) -> None:
    """A view is a new value; the report it was made from is unchanged."""
    data = to_json(make_report(CHECK))
    before = copy.deepcopy(data)
    without_timings(data)
    candidate_view(data)
    assert data == before


def test_candidate_view(make_report: Make) -> None:
    """A candidate sees verdicts, sentences and own lines, and nothing that gives the hidden tests away."""
    view = candidate_view(to_json(make_report(CHECK, seed=424242)))
    assert view["parts"][0]["checks"] == [{"verdict": "wrong_value", "says": "Says.", "lines": [[3, "return x"]]}]
    text = json.dumps(view)
    for hidden in ("secret", "424242", "ratio", "bubblewrap", "_ms", "task_digest"):
        assert hidden not in text
