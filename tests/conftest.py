"""What all tests share: how they are spread over processes, and a word at the end on what was skipped.

A file of tests stays in one process. So do all files that start containers, for some of them kill what they find and
look whether anything is left; where grading itself happens in containers, these are all there are.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Final

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

IN_CONTAINERS: Final = ("tests/sandbox/", "tests/images/", "tests/verdicts/test_engine_faults.py")
ALL_IN_CONTAINERS: Final = os.environ.get("FORWARDPASS_BACKEND") == "container"


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # its base has no types
    """The next file to whichever process is free."""

    def _split_scope(self, nodeid: str) -> str:
        together = ALL_IN_CONTAINERS or nodeid.startswith(IN_CONTAINERS)
        return "containers" if together else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    """How tests are spread: in the order of their names, by which the service's come first and take longest."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Every reason tests were skipped for, with how many were."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    if reasons:
        terminalreporter.section("skipped")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count} × {reason}")
