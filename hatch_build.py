"""Build hook: leaves hidden files out of the wheel when FORWARDPASS_PUBLIC is set."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HIDDEN = {"test_hidden.py", "reference.py", "interviewer.md", "interviewer.ru.md"}


class TaskFiles(BuildHookInterface):  # type: ignore[type-arg]  # the plugin base is generic in hatchling only
    """Adds the task bank to the wheel as `grader/_tasks`, file by file."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """List the files to include; called by hatchling before it builds."""
        if version == "editable":  # a checkout reads `tasks/` in place
            return
        public = bool(os.environ.get("FORWARDPASS_PUBLIC"))
        root = Path(self.root, "tasks")
        for path in sorted(p for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            hidden = path.name in HIDDEN or "mutants" in path.parts or "accepted" in path.parts
            if not (public and hidden):
                build_data["force_include"][str(path)] = f"grader/_tasks/{path.relative_to(root)}"
