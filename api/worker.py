"""A worker: takes gradings and runs from the queue, has them done on its lanes, and commits what came of them.

Theory of operation. The event loop speaks with the queue: it fetches jobs, says every few seconds that this worker
lives, and puts the jobs of workers that fell silent back. Each job runs in a thread on a `Grader`, which does the work
in processes of its own, so a busy machine does not starve the heartbeat. Nothing is trusted to happen once: `gradings`
fences every attempt. On a request to stop no job is fetched any more; what runs has a grace to end, then it is handed
back and its lanes are killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from procrastinate import App, PsycopgConnector
from procrastinate.jobs import DeleteJobCondition
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session as Db

from api import events, faults, gradings, jobs, runs
from api.catalogue import Catalogue
from api.database import Database
from api.housekeeping import sweep
from api.outbound import Outbound
from api.settings import Settings
from api.tables import LaneLoss
from api.webhooks import deliver
from grader.grade import Grader, Options, SystemFailure
from grader.record import OnCheck
from grader.report import Check, to_json
from grader.submission import Submission
from grader.textfile import TaskError

#: How often a candidate is told how far a grading is.
PROGRESS_S: Final = 0.3
SWEEP_S: Final = 3.0
RETRY_S: Final = 1.0
#: How long a result is held while the database is away.
HOLD_S: Final = 120.0
log = logging.getLogger("forwardpass.worker")
T = TypeVar("T")


class Worker:
    """One process with its lanes; `queues` are those it takes jobs from."""

    def __init__(
        self, settings: Settings, database: Database, grader: Grader, catalogue: Catalogue, queues: tuple[str, ...]
    ) -> None:
        self._settings, self._database, self._grader, self._catalogue = settings, database, grader, catalogue
        self._queues = queues
        private = settings.allow_private_webhooks
        self._outbound = Outbound(plain=settings.insecure or private, private=private)
        self.name = f"{socket.gethostname()}-{os.getpid()}"
        self._held: dict[uuid.UUID, gradings.Begun] = {}
        self._lock = threading.Lock()
        self._replaced = 0
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop`, however often the database goes away in between."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(self._grader.slots + 4))
        async with _meanwhile(self._sweep()):
            while not self._stopping.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await self._work()

    def stop(self) -> None:
        """Fetch nothing any more."""
        self._stopping.set()

    async def _work(self) -> None:
        """Fetch and do jobs until told to stop or until the queue cannot be reached."""
        app = self._app()
        try:
            async with app.open_async(), _meanwhile(self._rescue(app)):
                working = asyncio.create_task(self._procrastinate(app))
                stopping = asyncio.create_task(self._stopping.wait())
                await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
                working.cancel()
                await asyncio.wait({working}, timeout=self._settings.grace_s if self._stopping.is_set() else None)
                if not working.done():
                    await asyncio.to_thread(self._let_go)
                    await asyncio.wait({working}, timeout=self._settings.grace_s)
                stopping.cancel()
                if not working.cancelled() and working.done() and (error := working.exception()):
                    raise error
        except Exception as error:  # whatever befell the queue, the next round starts with a new connection
            log.warning("the queue cannot be reached, trying again: %s", error)
            await asyncio.sleep(RETRY_S)

    async def _procrastinate(self, app: App) -> None:
        await app.run_worker_async(
            queues=list(self._queues),
            name=self.name,
            concurrency=self._grader.slots,
            install_signal_handlers=False,
            fetch_job_polling_interval=2.0,
            update_heartbeat_interval=self._settings.heartbeat_s,
            stalled_worker_timeout=self._settings.stalled_s,
            delete_jobs=DeleteJobCondition.SUCCESSFUL,
        )

    def _app(self) -> App:
        app = App(
            connector=PsycopgConnector(conninfo=self._database.conninfo, min_size=1, max_size=self._grader.slots + 4)
        )
        app.task(name=jobs.GRADE)(self.grade)
        app.task(name=jobs.RUN)(self.try_out)
        return app

    def grade(self, grading_id: str) -> None:
        """Do one grading, whatever state it is in."""
        try:
            self._grade(grading_id)
        finally:
            self._count_lanes()

    def _grade(self, grading_id: str) -> None:
        faults.point("fetched")
        begun = self._persist(lambda db: gradings.begin(db, jobs.identity(grading_id), self.name))
        if begun is None:
            return
        faults.point("begun")
        with self._holding(begun):
            try:
                report = self._report(begun)
            except (SystemFailure, TaskError) as error:
                log.warning("grading %s: %s", begun.id, error)
                reason = str(error)
                self._persist(lambda db: gradings.give_up(db, begun.id, begun.epoch, reason))
                return
            faults.point("graded")
            if not self._persist(lambda db: gradings.commit_result(db, begun.id, begun.epoch, report)):
                log.warning("grading %s: another attempt was faster, or it was cancelled", begun.id)
            faults.point("committed")

    def try_out(self, run_id: str) -> None:
        """Run the public tests on a candidate's code."""
        begun = self._persist(lambda db: runs.begin(db, jobs.identity(run_id)))
        if begun is None:
            return
        task = self._catalogue.get(begun.task)
        result = None
        try:
            result = self._grader.run_public(task, Submission("solution", begun.source), parts=begun.parts).to_json()
        except (SystemFailure, TaskError) as error:
            log.warning("run %s: %s", begun.id, error)
        self._persist(lambda db: runs.finish(db, begun, result))
        self._count_lanes()

    def _count_lanes(self) -> None:
        """Write down how many lanes had to be replaced since this was last done; that cannot fail a grading."""
        with self._lock:
            new = self._grader.replaced - self._replaced
            self._replaced += new
        if new:
            with contextlib.suppress(DBAPIError, PoolTimeout), self._database.session() as db:
                db.add(LaneLoss(worker=self.name, lanes=new))
                db.commit()

    def _report(self, begun: gradings.Begun) -> dict[str, object]:
        task = self._catalogue.get(begun.task)
        options = Options(seed=begun.seed, parts=begun.parts)
        report = self._grader.grade(task, Submission(begun.name, begun.source), options, self._progress(begun))
        return to_json(report)

    def _progress(self, begun: gradings.Begun) -> OnCheck:
        """Tells how many checks are done, now and then; that cannot fail a grading."""
        task, done, told_at = self._catalogue.get(begun.task), 0, time.monotonic()
        measured = {part.id for part in task.parts if part.budget.is_set}
        total = self._grader.checks(task, Options(parts=begun.parts))

        def on_check(part: str, _check: Check) -> None:
            nonlocal done, told_at
            done += 1
            if time.monotonic() - told_at > PROGRESS_S:
                told_at = time.monotonic()
                news = {"kind": "progress", "submission_id": begun.name, "done": done, "total": total}
                news |= {"part": part, "budget": part in measured}
                with contextlib.suppress(DBAPIError, PoolTimeout), self._database.session() as db:
                    events.notify(db, begun.session_id, news)
                    db.commit()

        return on_check

    def _persist(self, write: Callable[[Db], T]) -> T:
        """Do a transaction, again and again while the database is away; once it is time to stop, only once.

        Raises:
            DBAPIError, TimeoutError: it stayed away; the job is another worker's then.
        """
        give_up_at = time.monotonic() + HOLD_S
        while True:
            try:
                with self._database.session() as db:
                    return write(db)
            except (DBAPIError, PoolTimeout) as error:
                if time.monotonic() > give_up_at or self._stopping.is_set():
                    raise
                log.warning("the database is away, trying again: %s", type(error).__name__)
                time.sleep(RETRY_S)

    @contextlib.contextmanager
    def _holding(self, begun: gradings.Begun) -> Iterator[None]:
        with self._lock:
            self._held[begun.id] = begun
        try:
            yield
        finally:
            with self._lock:
                self._held.pop(begun.id, None)

    def _let_go(self) -> None:
        """Hand back what runs still and end its lanes."""
        with self._lock:
            held = list(self._held.values())
        try:
            for begun in held:
                self._persist(lambda db, begun=begun: gradings.hand_back(db, begun.id, begun.epoch))  # type: ignore[misc]
        finally:  # what cannot be handed back is found by others when this worker has fallen silent
            self._grader.close()

    async def _rescue(self, app: App) -> None:
        """Put the jobs of workers that fell silent back into the queue."""
        while True:
            await asyncio.sleep(self._settings.heartbeat_s)
            with contextlib.suppress(Exception):  # the next round finds them
                for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=self._settings.stalled_s):
                    log.warning("job %s: its worker fell silent, so others do it", job.id)
                    await app.job_manager.retry_job(job)

    async def _sweep(self) -> None:
        """Do what is due by the clock."""
        while True:
            try:
                await asyncio.to_thread(sweep, self._database, self._catalogue)
                await asyncio.to_thread(deliver, self._database, self._outbound)
            except (DBAPIError, PoolTimeout) as error:
                log.warning("the database is away: %s", type(error).__name__)
            except Exception:
                log.exception("what is due by the clock was not done; the next round tries again")
            await asyncio.sleep(SWEEP_S)


@contextlib.asynccontextmanager
async def _meanwhile(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Have something done for as long as this lasts, and nothing of it afterwards."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
