"""Forbidden names as the trusted side sees them: what to look for, and what a finding says to the candidate.

The looking happens inside the lane (`grader.inside`), before and while candidate code runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

HELPER: Final = "forwardpass_rules"
_OPERATOR_HOMES: Final = ("torch", "torch.nn.functional", "torch.Tensor", "torch.special", "torch.linalg")


def helpers() -> dict[str, str]:
    """The helper modules every lane gets, by name and source."""
    return {HELPER: Path(__file__).with_name("inside.py").read_text(encoding="utf-8")}


def operators(forbid: Iterable[str], more: Iterable[str] = ()) -> list[str]:
    """The operators behind forbidden functions, by PyTorch's naming: `softmax` is `_softmax` or `_safe_softmax`."""
    names = set(more)
    for path in forbid:
        home, _, name = path.rpartition(".")
        if home in _OPERATOR_HOMES and name.islower():
            names |= {name, f"_{name}", f"_safe_{name}"}
    return sorted(names)


def sentence(line: int, name: str) -> str:
    """What a finding says."""
    where = f"line {line} uses" if line else "the code uses"
    return f"{where} {name}, which this task forbids"


def noted(notes: Iterable[str]) -> list[str]:
    """The findings among what a run noted: sentences for the report."""
    found = []
    for note in notes:
        kind, _, rest = note.partition("\t")
        line, _, name = rest.partition("\t")
        if kind == "forbidden":
            found.append(sentence(int(line) if line.isdecimal() and len(line) < 7 else 0, name[:100]))
    return found
