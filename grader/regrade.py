"""What a re-grade changed: two reports of the same bytes compared by verdicts and points, never by timings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

#: Stands in a matrix for a report that is not there.
ABSENT: Final = "absent"
Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One check, or what was said of a part as a whole, that was judged otherwise; "absent" where there was none."""

    part: str
    check: str
    old: str
    new: str


@dataclass(frozen=True)
class Comparison:
    """Two reports of one submission."""

    submission: str
    task: str
    old_verdict: str
    new_verdict: str
    old_points: int
    new_points: int
    max_points: int
    old_task_digest: str
    new_task_digest: str
    changes: tuple[Change, ...]

    @property
    def is_change(self) -> bool:
        """Whether verdict or points differ: a check alone that is judged otherwise moves nobody."""
        return (self.old_verdict, self.old_points) != (self.new_verdict, self.new_points)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "is_change": self.is_change}


def compare(old: Plain, new: Plain) -> Comparison:
    """Compare two reports in their JSON form; one that was erased has no parts."""
    return Comparison(
        submission=str(new.get("submission", old.get("submission", ""))),
        task=str(new.get("task", old.get("task", ""))),
        old_verdict=old["verdict"],
        new_verdict=new["verdict"],
        old_points=old["points"],
        new_points=new["points"],
        max_points=new["max_points"],
        old_task_digest=old["task_digest"],
        new_task_digest=new["task_digest"],
        changes=tuple(_changes(_verdicts(old), _verdicts(new))),
    )


def matrix(comparisons: Iterable[Comparison]) -> dict[tuple[str, str], int]:
    """How many went from which verdict to which."""
    return dict(sorted(Counter((one.old_verdict, one.new_verdict) for one in comparisons).items()))


def _verdicts(report: Plain) -> dict[tuple[str, str], str]:
    """The verdict of every check by part and name; a part's own under no name."""
    found: dict[tuple[str, str], str] = {}
    for part in report.get("parts", ()):
        found[part["id"], ""] = part["verdict"]
        found |= {(part["id"], check["name"]): check["verdict"] for check in part["checks"]}
    return found


def _changes(old: dict[tuple[str, str], str], new: dict[tuple[str, str], str]) -> Iterable[Change]:
    for part, check in dict.fromkeys([*old, *new]):
        was, is_now = old.get((part, check), ABSENT), new.get((part, check), ABSENT)
        if was != is_now:
            yield Change(part, check, str(was), str(is_now))
