"""Builds the wheel twice and looks inside: the task bank is there, and hidden files only where they were wanted."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HIDDEN = ("test_hidden.py", "reference.py", "interviewer.md", "/mutants/", "/accepted/")


def names(folder: Path, **environment: str) -> list[str]:
    """Build a wheel into `folder` and list its files."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, env=os.environ | environment, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def main() -> None:
    """Exit with a message if a wheel is not as it must be."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        whole, public = names(Path(one)), names(Path(two), FORWARDPASS_PUBLIC="1")
    tasks = [n for n in whole if n.startswith("grader/_tasks/") and n.endswith("task.toml")]
    leaked = [n for n in public if any(mark in n for mark in HIDDEN) and n.startswith("grader/_tasks/")]
    if not tasks or leaked or not any(n.endswith("test_hidden.py") for n in whole):
        sys.exit(f"wrong wheel: {len(tasks)} tasks, hidden files in the public one: {leaked}")
    print(f"{len(tasks)} tasks in the wheel; the public one has {len(whole) - len(public)} files less")


if __name__ == "__main__":
    main()
