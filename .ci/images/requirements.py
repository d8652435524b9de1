"""Prints what pyproject.toml requires: `requirements.py FILE [EXTRA…]`; the extra `build` is what builds it."""

from __future__ import annotations

import sys
import tomllib


def main(file: str, extras: list[str]) -> None:
    """Print the dependencies of the project and of its extras."""
    with open(file, "rb") as text:
        settings = tomllib.load(text)
    project = settings["project"]
    more = project["optional-dependencies"] | {"build": settings["build-system"]["requires"]}
    print(*project["dependencies"], *(line for extra in extras for line in more[extra]), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
