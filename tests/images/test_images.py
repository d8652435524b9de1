"""What holds for every image, and for the Dockerfile without one."""

from __future__ import annotations

import re
import stat
import tomllib
from pathlib import Path

from tests.images.conftest import Built

ROOT = Path(__file__).parent.parent.parent


def test_ordinary_user(image: Built) -> None:
    """It runs as an ordinary user."""
    assert image.image.attrs["Config"]["User"].split(":")[0] not in {"", "0", "root"}


def test_no_privileges(image: Built) -> None:
    """No program in it changes the user or group of who starts it."""
    assert not [entry.path for entry in image.files() if entry.mode & (stat.S_ISUID | stat.S_ISGID)]


def test_no_configuration(image: Built) -> None:
    """Neither its environment nor its history shows how pip was configured where it was built."""
    assert not [line for line in image.image.attrs["Config"]["Env"] if line.startswith("PIP_")]
    assert not [step for step in image.image.history() if "PIP_" in step["CreatedBy"]]
    assert not [entry.path for entry in image.entries if entry.name == "pip.conf"]


def test_same_requirements() -> None:
    """Lanes get the torch and the numpy that pyproject.toml asks for, on CPU and CUDA alike."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["optional-dependencies"]["grade"]
    for name in ("torch", "numpy"):
        values = re.findall(rf'^ARG {name.upper()}="?([^"\n]*)"?$', (ROOT / "Dockerfile").read_text(), re.MULTILINE)
        assert len(values) == 2
        assert set(values) == {line for line in wanted if re.match(rf"{name}\W", line)}
