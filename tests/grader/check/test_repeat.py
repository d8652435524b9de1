from __future__ import annotations

from grader.check import repeat
from tests.grader.check.conftest import Graded, Write

DRAWN = "torch.rand(7, generator=rng)"


def test_kept(graded: Graded, write_task: Write) -> None:
    """Inputs that the seed decides, and nothing else: nothing to find."""
    assert graded(write_task(), repeat) == []


def test_not_from_the_seed(graded: Graded, write_task: Write) -> None:
    """Inputs of other origin differ between two gradings with one seed."""
    task = write_task(
        ("test_hidden.py", DRAWN, "torch.tensor([SystemRandom().random() for _ in range(7)])"),
        ("test_hidden.py", "import torch\n", "from random import SystemRandom\n\nimport torch\n"),
    )
    (found,) = graded(task, repeat)
    assert (found.where, found.problem) == ("mean", "two gradings with one seed differ (test_definition)")


def test_not_by_the_seed(graded: Graded, write_task: Write) -> None:
    """Inputs that are always the same can be learned by heart."""
    (found,) = graded(write_task(("test_hidden.py", DRAWN, "torch.linspace(0.1, 0.9, 7)")), repeat)
    assert (found.where, found.problem) == ("mean", "the inputs are the same on every seed")
