"""The life of a run against the public tests: begun by a worker, its result kept once, forgotten after three faults."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session as Db
from sqlmodel import select

from api import events, jobs
from api.database import now
from api.gradings import TRIES
from api.tables import Run, State


@dataclass(frozen=True)
class BegunRun:
    """What a worker needs to know of a run."""

    id: uuid.UUID
    epoch: int
    task: str
    parts: tuple[str, ...]
    source: bytes


def queue_up(db: Db, run: Run) -> None:
    """Write down that the public tests are to run."""
    db.add(run)
    jobs.enqueue_run(db, run)
    _tell(db, run)


def begin(db: Db, run_id: uuid.UUID) -> BegunRun | None:
    """Take a run; None if there is nothing to do any more. Commits."""
    run = _locked(db, run_id)
    if run is None or run.state not in (State.QUEUED, State.RUNNING):
        return None
    if run.tries >= TRIES:
        run.state = State.PARKED
    else:
        run.epoch, run.tries, run.state = run.epoch + 1, run.tries + 1, State.RUNNING
    db.add(run)
    _tell(db, run)
    db.commit()
    return None if run.state is State.PARKED else BegunRun(run.id, run.epoch, run.task, tuple(run.parts), run.source)


def finish(db: Db, begun: BegunRun, result: dict[str, Any] | None) -> bool:
    """Keep what came of a run, or queue it again after a fault, without a result; False if too late. Commits."""
    run = _locked(db, begun.id)
    if run is None or run.epoch != begun.epoch or run.state is not State.RUNNING:
        return False
    if result is None:
        run.state = State.QUEUED if run.tries < TRIES else State.PARKED
        if run.state is State.QUEUED:
            jobs.enqueue_run(db, run)
    else:
        run.state, run.result, run.finished_at = State.DONE, result, now(db)
    db.add(run)
    _tell(db, run)
    db.commit()
    return True


def _locked(db: Db, run_id: uuid.UUID) -> Run | None:
    return db.exec(select(Run).where(Run.id == run_id).with_for_update()).first()


def _tell(db: Db, run: Run) -> None:
    data = {"run_id": str(run.id), "task": run.task, "state": run.state.value}
    events.tell(db, run.session_id, "run", data)
