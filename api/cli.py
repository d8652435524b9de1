"""The command `forwardpass` where the service is installed too: the grader's commands, and those of the service."""

from __future__ import annotations

from typing import Final

from grader import cli

COMMANDS: Final = {
    "serve": "Run the service: API, database, worker.",
    "worker": "Grade what a service has queued.",
    "regrade": "Grade again, and tell what changes.",
}

cli.cli.add_lazy("api.commands.", COMMANDS)


def main() -> None:
    """Run the command line."""
    cli.main()


if __name__ == "__main__":
    main()
