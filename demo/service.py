"""The service at work: a candidate is invited, hands in right and wrong code, and a recruiter reads the report.

Then a hidden test is made stricter, everything is graded again in the background, and the difference is shown. By
itself it starts a service of its own; `python -m demo.service URL KEY` uses one that runs.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from demo.client import Client
from grader.bank import Bank, default_root
from grader.commands.console import console_for

FOLDER: Final = Path(__file__).parent / "submissions"
TASK: Final = "q026-stable-softmax"
HANDED_IN: Final = (("no_max_shift.py", "fail"), ("library_softmax.py", "fail"), ("right_softmax.py", "pass"))
STOP_S: Final = 60
#: What no answer passes.
STRICTER: Final = """\
    def test_nothing_is_right(self, candidate):
        \"\"\"Nothing is right any more.\"\"\"
        assert_equal(candidate.softmax(torch.zeros(2)), torch.ones(2))

"""
KEY: Final = re.compile(r"key, told only now: (\S+)")
AT: Final = re.compile(r"Forward Pass is at (\S+)")


def main(arguments: list[str]) -> int:
    """Show it; the exit code."""
    console = console_for(sys.stdout)
    if arguments:
        url, key = arguments
        return _show(Client(url, key), url, console)
    with tempfile.TemporaryDirectory(prefix="forwardpass-demo-") as folder:
        tasks = _copied_task(Path(folder))
        with _service(Path(folder), tasks, console) as (url, key):
            surprises = _show(Client(url, key), url, console) + _regrade(Client(url, key), tasks, console)
        console.print("the service has stopped")
    return 1 if surprises else 0


def _show(admin: Client, url: str, console: Console) -> int:
    """Invite, hand in, follow, read; how many verdicts are not the expected ones."""
    asked = {
        "title": "Demo",
        "level": "junior",
        "tasks": [{"task": TASK, "parts": ["softmax"]}],
        "disclosure": "report",
    }
    assessment = admin.post("/assessments", asked)
    invitation = admin.post(f"/assessments/{assessment['id']}/invitations", {"name": "Ada", "email": "ada@example.org"})
    begun = Client(url).post("/invitations/accept", {"token": invitation["token"]})
    candidate, path = Client(url, begun["token"]), f"/sessions/{begun['session_id']}"
    console.print(f"Ada was invited and began; the clock stops at {begun['ends_at'][11:16]} UTC")
    names = {}
    for name, _ in HANDED_IN:
        source = (FOLDER / name).read_text(encoding="utf-8")
        names[candidate.post(f"{path}/submissions", {"task": TASK, "source": source})["id"]] = name
    _follow(candidate, path, names, console)
    surprises = 0
    for (number, name), (_, expected) in zip(names.items(), HANDED_IN, strict=True):
        report = candidate.get(f"/submissions/{number}/report")
        surprises += report["verdict"] != expected
        _told(name, report, console)
    _standing(admin.get(f"{path}/report"), console)
    return surprises


def _follow(candidate: Client, path: str, names: dict[str, str], console: Console) -> None:
    """Print live events until everything is graded."""
    waiting = set(names)
    for event in candidate.events(f"{path}/events"):
        number = event.get("submission_id", "")
        if event["kind"] == "progress":
            console.print(f"  {names[number]}: check {event['done']}/{event['total']}")
        elif event["kind"] == "submission":
            console.print(f"  {names[number]}: {event['state']}")
            waiting -= {number} if event["state"] in ("done", "parked", "cancelled") else set()
        if not waiting:
            return


def _told(name: str, report: dict[str, Any], console: Console) -> None:
    """What the candidate is told of one submission."""
    console.print(
        Text(f"{name}: {report['verdict']}, {report['points']} of {report['max_points']} points", style="bold")
    )
    for part in report["report"]["parts"]:
        said = [f"{check['verdict']}: {check['says']}" for check in part["checks"] if check["says"]]
        for line in [*part["notes"], *said][:2]:
            console.print(Text(f"  {line}", style="dim"))


def _standing(standing: dict[str, Any], console: Console) -> None:
    """What the recruiter reads of the session."""
    console.print(Rule(Text("the recruiter's report"), align="left"))
    table = Table("candidate", "task", "best", "points", "submissions")
    for task in standing["tasks"]:
        points = f"{task['points']} / {task['max_points']}"
        table.add_row(standing["name"], task["task"], task["verdict"] or "", points, str(task["submissions"]))
    console.print(table)


def _regrade(admin: Client, tasks: Path, console: Console) -> int:
    """Make a hidden test impossible to pass, grade again, show what would change; 1 if nothing would."""
    console.print(Rule(Text("a hidden test is made stricter, and all is graded again"), align="left"))
    (hidden,) = tasks.glob(f"*/{TASK}/test_hidden.py")
    text = hidden.read_text(encoding="utf-8")
    line = "class TestSoftmax:\n"
    assert line in text
    hidden.write_text(text.replace(line, line + STRICTER, 1), encoding="utf-8")
    command = [sys.executable, "-m", "api.cli", "regrade", "--task", TASK, "--reason", "a stricter test"]
    done = subprocess.run(
        command, env=os.environ | {"FORWARDPASS_URL": admin.url, "FORWARDPASS_KEY": admin.token}, check=False
    )
    return int(done.returncode != 4)


@contextlib.contextmanager
def _service(folder: Path, tasks: Path, console: Console) -> Iterator[tuple[str, str]]:
    """A service that runs on data of its own; its address and its admin's key."""
    command = [sys.executable, "-m", "api.cli", "serve", "--data", str(folder / "data"), "--port", "0"]
    environment = os.environ | {"FORWARDPASS_TASKS": str(tasks), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    key = ""
    try:
        for line in process.stdout:
            if found := KEY.search(line):
                key = found[1]
            else:
                console.print(Text(line.rstrip(), style="dim"))
            if found := AT.search(line):
                yield found[1], key
                break
        else:
            raise SystemExit("the service did not start")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_S)


def _copied_task(folder: Path) -> Path:
    """A bank with a copy of one task, to be changed."""
    task = Bank(default_root()).by_id(TASK)
    shutil.copytree(task.folder, folder / "tasks" / task.section / task.id)
    return folder / "tasks"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
