"""What a `task.toml` says: levels, budgets, parts and discussions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Whom a part is asked of: at this level and above. Levels compare by seniority, not by spelling."""

    JUNIOR = "junior"
    MIDDLE = "middle"
    SENIOR = "senior"
    LEAD = "lead"

    @property
    def rank(self) -> int:
        """The place in the order, from 0 for junior."""
        return list(Level).index(self)

    def __lt__(self, other: str) -> bool:
        return self.rank < Level(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Level(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Level(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Level(other).rank


@dataclass(frozen=True)
class Budget:
    """What an answer may cost: `time` and `memory` × the reference, `growth` as an exponent; None is no limit."""

    time: float | None = None
    memory: float | None = None
    growth: float | None = None

    @property
    def is_set(self) -> bool:
        """Whether there is anything to measure."""
        return self != Budget()


@dataclass(frozen=True)
class Part:
    """A separately scored piece of a task; `answers` holds 0 for the question and n for its n-th follow-up."""

    id: str
    entry: str
    level: Level
    points: int
    answers: tuple[int, ...]
    budget: Budget = Budget()
    device: str = "cpu"

    @property
    def test_class(self) -> str:
        """The class of the hidden tests that judges this part: `masked-softmax` is `TestMaskedSoftmax`."""
        return "Test" + "".join(word[0].upper() + word[1:] for word in self.id.split("-"))


@dataclass(frozen=True)
class Discussion:
    """A follow-up that no code can show: answered in words, scored by a person."""

    follow_up: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The whole of a `task.toml`. `wall_s` stops one call, `memory_mb` is the growth a lane allows."""

    question: int | str
    minutes: int
    forbid: tuple[str, ...] = ()
    forbid_ops: tuple[str, ...] = ()
    wall_s: float = 10.0
    memory_mb: int = 1024
    parts: tuple[Part, ...]
    discussions: tuple[Discussion, ...] = ()
