"""The service's commands, one module each; what they need is imported only when they run."""

from __future__ import annotations

from importlib import util

from grader.commands.exits import NotGraded


def require_packages() -> None:
    """Say what to install before anything fails for want of it.

    Raises:
        NotGraded: the service's packages are not here.
    """
    if util.find_spec("fastapi") is None or util.find_spec("procrastinate") is None:
        raise NotGraded("the service's packages are not installed: pip install 'forwardpass[serve]'")
