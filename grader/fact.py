"""One thing about a machine that grading needs or gains by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """One thing about this machine.

    Attributes:
        ok: it is as it should be.
        fix: what to do if not.
        needed: without it nothing can be graded; otherwise it is only worth knowing.
    """

    name: str
    ok: bool
    says: str
    fix: str = ""
    needed: bool = True

    @property
    def status(self) -> str:
        """`ok`, `missing`, or `note` for what grading does not depend on."""
        return "ok" if self.ok else "missing" if self.needed else "note"
