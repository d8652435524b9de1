"""`forwardpass regrade --local`: grades a folder of submissions again and compares with the reports saved beside them.

The folder holds `<task>/<name>.py`, and `baseline.jsonl` with one report a line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from grader.bank import Bank, default_root
from grader.commands.exits import NOT_GRADED, PASSED, Refused
from grader.commands.lanes import opened
from grader.commands.progress import reporter
from grader.commands.regraded import Output
from grader.grade import Options, SystemFailure
from grader.regrade import compare
from grader.report import FORMAT, to_json
from grader.submission import Submission, SubmissionError, read_submissions
from grader.task import Level

BASELINE: Final = "baseline.jsonl"
#: A verdict or a score is not what it was.
CHANGED: Final = 4

Plain = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Which submissions: all that fit everything that is said."""

    tasks: Collection[str] = ()
    digest: str = ""
    verdict: str = ""

    def fits(self, task: str, old: Plain | None) -> bool:
        """Whether a submission with this report is meant; one without is, unless a report is asked for."""
        if self.tasks and not any(task.startswith(name) for name in self.tasks):
            return False
        if old is None:
            return not (self.digest or self.verdict)
        return old["task_digest"].startswith(self.digest) and self.verdict in ("", old["verdict"])


def regrade(folder: Path, wanted: Wanted, output: Output, *, save: bool, quiet: bool) -> int:
    """Grade again, tell what changed and, if asked or if there was nothing yet, save; the exit code.

    Raises:
        Refused: the folder or its baseline is not as it must be.
    """
    before = _baseline(folder / BASELINE)
    found = {f"{task}/{one.name}": (task, one) for task, one in _submissions(folder)}
    chosen = {name: it for name, it in found.items() if wanted.fits(it[0], before.get(name))}
    if not chosen:
        raise Refused(f"{folder}: no submission fits: it holds <task>/<name>.py")
    after, broken = _graded(chosen, before, quiet=quiet)
    comparisons = [compare(before[name], report) for name, report in after.items() if name in before]
    output.write(comparisons)
    _tell_others(chosen, before, found, broken)
    if broken:
        return NOT_GRADED
    if save or not before:
        _save(folder / BASELINE, {name: report for name, report in before.items() if name in found} | after)
    return CHANGED if any(one.is_change for one in comparisons) else PASSED


def _baseline(path: Path) -> dict[str, Plain]:
    """The saved reports by `<task>/<name>`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: cannot be read: {error}") from error
    return dict(_report(path, number, line) for number, line in enumerate(lines, 1) if line.strip())


def _report(path: Path, number: int, line: str) -> tuple[str, Plain]:
    try:
        report = json.loads(line)
        if report["format"] != FORMAT:
            raise ValueError(f"a report of format {report['format']}")
        return f"{report['task']}/{report['submission']}", report
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"{path}:{number}: not a saved report ({error}): mend it, or save anew without it") from error


def _submissions(folder: Path) -> list[tuple[str, Submission]]:
    """Every file of every task's folder, its name without the folder."""
    if not folder.is_dir():
        raise Refused(f"{folder}: not a folder")
    found = []
    for inside in sorted(path for path in folder.iterdir() if path.is_dir()):
        try:
            files = [str(path) for path in sorted(inside.glob("*.py"))]
            found += [(inside.name, Submission(Path(one.name).name, one.source)) for one in read_submissions(files)]
        except SubmissionError as error:
            raise Refused(str(error)) from error
    return found


def _graded(
    chosen: dict[str, tuple[str, Submission]], before: dict[str, Plain], *, quiet: bool
) -> tuple[dict[str, Plain], dict[str, str]]:
    """The new reports, and why some could not be made."""
    after: dict[str, Plain] = {}
    broken: dict[str, str] = {}
    bank = Bank(default_root())
    tasks = {task: bank.get(task) for task, _ in chosen.values()}
    with reporter(quiet=quiet, streams=True) as progress, opened(None, progress) as grader:

        def grade(name: str) -> None:
            task, submission = chosen[name]
            try:
                report = grader.grade(tasks[task], submission, _options(before.get(name)))
                after[name] = to_json(report)
            except SystemFailure as error:
                broken[name] = str(error)
            progress.at(name, len(after) + len(broken), len(chosen))

        with ThreadPoolExecutor(grader.slots) as threads:
            list(threads.map(grade, chosen))
    return dict(sorted(after.items())), broken


def _options(old: Plain | None) -> Options:
    """As the saved report was graded."""
    if old is None:
        return Options()
    return Options(
        seed=old["seed"],
        level=Level(old["level"]) if old["level"] else None,
        parts=tuple(part["id"] for part in old["parts"]),
    )


def _tell_others(
    chosen: Collection[str], before: Collection[str], found: Collection[str], broken: dict[str, str]
) -> None:
    for name in sorted(set(chosen) - set(before)):
        click.echo(f"new: {name}", err=True)
    for name in sorted(set(before) - set(found)):
        click.echo(f"missing: {name} has a saved report and no file any more", err=True)
    for name, reason in sorted(broken.items()):
        click.echo(f"not graded: {name}: {reason}", err=True)


def _save(path: Path, reports: dict[str, Plain]) -> None:
    """Put the new baseline in the old one's place, whole or not at all."""
    fresh = path.with_suffix(".new")
    lines = [json.dumps(reports[name], ensure_ascii=False) + "\n" for name in sorted(reports)]
    fresh.write_text("".join(lines), encoding="utf-8")
    os.replace(fresh, path)
    click.echo(f"saved {len(reports)} reports in {path}", err=True)
