"""`forwardpass worker`: takes gradings from the queue of a service, on this machine's lanes."""

from __future__ import annotations

import asyncio
import logging
import signal

import click

from api.commands import require_packages
from grader.commands.exits import NotGraded, Refused
from sandbox import kernel

QUEUES = ("cpu", "gpu")


@click.command("worker")
@click.option("--queue", "queues", multiple=True, type=click.Choice(QUEUES), help="Only these.  [default: both]")
@click.option("--jobs", type=click.IntRange(1, 256), help="Gradings at once.  [default: one a core]")
def command(queues: tuple[str, ...], jobs: int | None) -> None:
    """Grade what a service has queued; DATABASE_URL says where.

    SIGTERM has it finish what it has begun, or hand it back to others.
    """
    require_packages()
    kernel.weigh_session()  # how nice it is says who started it
    from api.catalogue import Catalogue
    from api.database import Database
    from api.settings import SettingsError, load
    from api.worker import Worker
    from grader.grade import Grader

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = load()
    except SettingsError as error:
        raise Refused(str(error)) from error
    if not settings.database_url:
        raise NotGraded("DATABASE_URL is not set: name the service's PostgreSQL")
    grader = Grader(jobs)
    database = Database(settings.database_url, pool=grader.slots + 4)
    try:
        grader.open(races=True)
        click.echo(f"a worker with {grader.slots} lanes on {', '.join(queues or QUEUES)}")
        asyncio.run(_work(Worker(settings, database, grader, Catalogue(), queues or QUEUES)))
    finally:
        grader.close()
        database.close()


async def _work(worker: object) -> None:
    from api.worker import Worker

    assert isinstance(worker, Worker)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        loop.add_signal_handler(number, worker.stop)
    await worker.run()
