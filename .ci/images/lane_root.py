"""Assembles a lane's file system beside torch: this Python, its standard library, the shared libraries both need.

Run in a build stage as `lane_root.py SITE ROOT`; SITE is the folder torch is installed in. Nothing is taken that is not
named here or linked to, so no shell, package manager or compiler can slip in with a base image.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

#: Parts of the standard library that need a screen, a compiler or pip, or test itself.
LEFT_OUT: Final = ("ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "tkinter", "turtledemo", "sitecustomize.py")
PATTERNS: Final = ("config-*", "__pycache__", "EXTERNALLY-MANAGED", "dist-packages", "site-packages")
#: Python opens it when a thread ends, so nothing is linked to it.
OPENED_LATER: Final = "libgcc_s.so.1"


def main(site: Path, root: Path) -> None:
    """Lay `root` out; it must not exist yet."""
    executable, library = Path(os.path.realpath(sys.executable)), Path(os.__file__).parent
    _folders(root)
    shutil.copy2(executable, root / "usr/bin")
    shutil.copytree(library, root / str(library).lstrip("/"), symlinks=False, ignore=_ignored)
    for path in sorted({found for start in (executable, library, site) for found in libraries(start)}):
        target = root / os.path.realpath(os.path.dirname(path)).lstrip("/") / os.path.basename(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    _compile(root)


def libraries(start: Path) -> Iterator[str]:
    """The system's libraries that the programs and libraries under `start` load."""
    files = [start] if start.is_file() else [p for p in start.rglob("*") if p.is_file() and not p.is_symlink()]
    for path in filter(_is_elf, files):
        listed = subprocess.run(["ldd", str(path)], capture_output=True, text=True, check=False).stdout
        words = (word for line in listed.splitlines() for word in line.split())
        found = [word for word in words if word.startswith(("/lib", "/usr/lib"))]
        yield from found
        yield from (later for word in found if os.path.exists(later := f"{os.path.dirname(word)}/{OPENED_LATER}"))


def _folders(root: Path) -> None:
    for folder in ("dev", "etc", "lane", "proc", "tmp", "usr/bin", "usr/lib", "usr/lib64"):
        (root / folder).mkdir(parents=True)
    for folder in ("lib", "lib64"):
        (root / folder).symlink_to(f"usr/{folder}")
    (root / "tmp").chmod(0o1777)
    shutil.copy2("/etc/debian_version", root / "etc")  # tells NVIDIA's runtime where this linker looks for libcuda


def _ignored(folder: str, names: list[str]) -> set[str]:
    ignored = shutil.ignore_patterns(*LEFT_OUT, *PATTERNS)(folder, names)
    return ignored if os.path.basename(folder).startswith("python3") else ignored & {"__pycache__"}


def _compile(root: Path) -> None:
    """Write .pyc files that no import checks against their sources: the root is read-only."""
    command = ["-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", "/"]
    subprocess.run([sys.executable, *command, str(root)], check=True)


def _is_elf(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
