from __future__ import annotations

from sandbox.limits import Died, OutOfMemory, Raised, Returned, TimedOut
from sandbox.selftest import _refused, _stopped, _worked


def test_refusals() -> None:
    """Only an empty catch is a refusal; a catch, an error of another kind or a death are not."""
    assert _refused("x", Returned([])).held
    for outcome in (Returned(["/etc/passwd"]), Raised(("NameError",), "oops"), Died(-11)):
        assert not _refused("x", outcome).held


def test_stops() -> None:
    """Using something up must end in the way that is asked for."""
    assert _stopped("x", OutOfMemory(), OutOfMemory).held
    assert not _stopped("x", TimedOut(1.0), OutOfMemory).held
    assert not _stopped("x", Returned(None), TimedOut).held


def test_work() -> None:
    """The legitimate call must give the right value."""
    assert _worked(Returned(1.0)).held
    assert not _worked(Returned(0.0)).held
    assert not _worked(Died(0)).held
