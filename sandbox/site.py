"""Which files of this Python a lane sees: interpreter, standard library, and torch with what it requires. Nothing else.

Above all not `grader`, not `tasks`: whatever is installed beside torch stays out of the lane because only what is
listed here goes in.
"""

from __future__ import annotations

import os
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Final

PACKAGES: Final = ("torch", "numpy", "triton")
PYTHON: Final = "/python"
SITE: Final = "/site"
OURS: Final = "/forwardpass"
#: Where the libraries are that the interpreter and torch are linked to.
SYSTEM: Final = ("/usr/lib", "/usr/lib64", "/usr/lib32")


def interpreter() -> str:
    """Where the interpreter is inside a lane."""
    return f"{PYTHON}/bin/python{sys.version_info.major}.{sys.version_info.minor}"


def binds() -> list[tuple[str, str]]:
    """(source, target) of every read-only mount a lane needs."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    executable = os.path.realpath(sys.executable)
    library = os.path.dirname(os.__file__)
    pairs = [(executable, interpreter()), (library, f"{PYTHON}/lib/{version}")]
    shared = Path(sys.base_prefix, "lib")
    pairs += [(str(f), f"{PYTHON}/lib/{f.name}") for f in shared.glob(f"lib{version}*.so*")]
    pairs += [(path, path) for path in SYSTEM if os.path.isdir(path)]
    pairs += [(path, path) for path in ("/lib", "/lib64") if os.path.isdir(path) and not os.path.islink(path)]
    pairs += [(str(Path(__file__).parent), f"{OURS}/sandbox")]
    return pairs + [(str(path), f"{SITE}/{path.name}") for path in installed()]


def links() -> list[tuple[str, str]]:
    """(destination, link) of the symbolic links at the root of a merged-/usr system."""
    return [(os.readlink(path), path) for path in ("/lib", "/lib64", "/lib32") if os.path.islink(path)]


def masks() -> list[str]:
    """Folders under the mounts that hold other packages, to be covered by empty ones."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    mounted = [(Path(os.__file__).parent, f"{PYTHON}/lib/{version}")]
    mounted += [(path, str(path)) for lib in SYSTEM for path in Path(lib).glob("python*")]
    kinds = ("site-packages", "dist-packages")
    return [f"{target}/{kind}" for source, target in mounted for kind in kinds if (source / kind).is_dir()]


def installed() -> list[Path]:
    """The files and folders of `PACKAGES` and all they require, wherever they are installed."""
    found: dict[str, Path] = {}
    waiting, seen = list(PACKAGES), set[str]()
    while waiting:
        name = _normal(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found |= _top_level(distribution)
        required = [r for r in distribution.requires or [] if not re.search(r"\bextra\s*==", r)]
        waiting += [re.split(r"[^A-Za-z0-9._-]", r, maxsplit=1)[0] for r in required]
    return [found[name] for name in sorted(found)]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _top_level(distribution: metadata.Distribution) -> dict[str, Path]:
    tops = {f.parts[0] for f in distribution.files or []} - {"..", "/", "__pycache__"}
    paths = {top: Path(str(distribution.locate_file(top))) for top in tops}
    return {top: path.resolve() for top, path in paths.items() if path.exists()}
