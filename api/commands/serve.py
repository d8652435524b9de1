"""`forwardpass serve`: the whole service on this machine."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from api.commands import require_packages
from grader.commands.exits import NotGraded, Refused


@click.command("serve")
@click.option("--host", help="Listen here.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes any that is free.  [default: 8000]")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Keep everything here.")
@click.option("--workers", type=click.IntRange(0, 256), help="Gradings at once; 0 leaves them to `forwardpass worker`.")
def command(**given: Any) -> None:
    """Serve the API, with a PostgreSQL of its own and a worker, unless DATABASE_URL names another.

    Every setting is a variable too, such as FORWARDPASS_PORT. SIGTERM stops it cleanly.
    """
    require_packages()
    from sqlalchemy.exc import OperationalError

    from api.postgres import PostgresError
    from api.serve import serve
    from api.settings import SettingsError, load

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = load(**{name: value for name, value in given.items() if value is not None})
        serve(settings, lambda text: click.echo(text, err=False))
    except SettingsError as error:
        raise Refused(str(error)) from error
    except (PostgresError, OSError) as error:
        raise NotGraded(str(error)) from error
    except OperationalError as error:
        raise NotGraded(f"the database cannot be reached: {error.orig}") from error
