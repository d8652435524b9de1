"""`forwardpass regrade`: grades again what was graded before, on a service or in a local folder."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.commands import require_packages
from grader.commands.exits import NOT_GRADED, PASSED, NotGraded, Refused
from grader.commands.regrade_local import CHANGED, Wanted, regrade
from grader.commands.regraded import Output
from grader.regrade import Change, Comparison
from grader.score import ReportVerdict

if TYPE_CHECKING:
    from api.client import Client

LOOK_S = 0.5


@click.command("regrade")
@click.option("--local", type=click.Path(path_type=Path), help="A folder with <task>/<name>.py; no service is asked.")
@click.option("--save", is_flag=True, help="With --local: save what comes out as what is to be compared with.")
@click.option("--task", "tasks", multiple=True, help="Submissions to this task.")
@click.option("--digest", default="", help="What was graded by a task whose digest begins so.")
@click.option("--verdict", type=click.Choice([one.value for one in ReportVerdict]), help="What had this verdict.")
@click.option("--assessment", help="The service's: what belongs to this assessment.")
@click.option("--submission", "submissions", multiple=True, help="The service's: this submission.")
@click.option("--url", envvar="FORWARDPASS_URL", help="The service.  [FORWARDPASS_URL]")
@click.option("--reason", default="regrade", show_default=True, help="Why, for the audit log.")
@click.option("--apply", "apply_it", is_flag=True, help="Have what comes out count.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines, one submission a line.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML: a change fails.")
@click.option("--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Write a summary in Markdown.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@click.pass_context
def command(ctx: click.Context, /, local: Path | None, save: bool, url: str | None, **given: Any) -> None:
    """Grade again under the same seeds, and tell whose verdict or score changes, and why.

    The service's key is taken from FORWARDPASS_KEY. Nothing counts before it is applied.

    Exit codes: 0 nothing changed, 4 something did, 2 wrong use, 3 something could not be graded.
    """
    output = Output(given["as_json"], given["junit"], given["markdown"])
    if local:
        if given["assessment"] or given["submissions"] or given["apply_it"]:
            raise click.UsageError("--assessment, --submission and --apply are a service's: leave out --local")
        wanted = Wanted(given["tasks"], given["digest"], given["verdict"] or "")
        ctx.exit(regrade(local, wanted, output, save=save, quiet=given["quiet"]))
    if save:
        raise click.UsageError("--save goes with --local")
    if not url or not os.environ.get("FORWARDPASS_KEY"):
        raise click.UsageError("name a folder with --local, or a service with --url and its key in FORWARDPASS_KEY")
    ctx.exit(_on_service(url, output, given))


def _on_service(url: str, output: Output, given: dict[str, Any]) -> int:
    """Have a service do it; the exit code."""
    require_packages()
    from api.client import ApiError, Client

    if len(given["tasks"]) > 1:
        raise click.UsageError("one --task at a time on a service")
    try:
        return _batch(Client(url, os.environ["FORWARDPASS_KEY"]), output, given)
    except ApiError as error:
        raise (Refused if error.status in (401, 403, 404, 422) else NotGraded)(str(error)) from error


def _batch(client: Client, output: Output, given: dict[str, Any]) -> int:
    asked = {
        "reason": given["reason"],
        "task": next(iter(given["tasks"]), None),
        "task_digest": given["digest"] or None,
        "assessment_id": given["assessment"],
        "verdict": given["verdict"],
        "submission_ids": list(given["submissions"]),
    }
    batch = client.post("/batches", asked)
    path = f"/batches/{batch['id']}"
    while batch["state"] == "grading":
        if not given["quiet"]:
            done, total = batch["gradings"].get("done", 0), sum(batch["gradings"].values())
            click.echo(f"[{done}/{total}] graded", err=True)
        time.sleep(LOOK_S)
        batch = client.get(path)
    comparisons = [_comparison(one) for one in client.items(f"{path}/changes")]
    output.write(comparisons)
    left = sum(batch["gradings"].values()) - len(comparisons)
    if left:
        click.echo(f"{left} submissions could not be graded: GET {path}", err=True)
    if given["apply_it"]:
        applied = client.post(f"{path}/apply")
        click.echo(f"applied; {len(applied['skipped'])} submissions keep what they had", err=True)
    return NOT_GRADED if left else CHANGED if any(one.is_change for one in comparisons) else PASSED


def _comparison(plain: dict[str, Any]) -> Comparison:
    changes = tuple(Change(**one) for one in plain["changes"])
    known = {name: plain[name] for name in Comparison.__dataclass_fields__ if name in plain}
    return Comparison(**{**known, "submission": plain["submission_id"], "changes": changes})
