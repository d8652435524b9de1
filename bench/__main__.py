"""`python -m bench [SECTION…]`: prints every figure the README quotes, with what it is compared with."""

from __future__ import annotations

import argparse
import os

from rich.console import Console

from bench import lanes, latency, races, scaling, service, throughput
from grader.grade import hardware

SECTIONS = {
    "latency": latency.main,
    "lanes": lanes.main,
    "throughput": throughput.main,
    "scaling": scaling.main,
    "races": races.main,
    "service": service.main,
}


def main() -> None:
    """Run the sections asked for, all of them by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], help="what to measure; everything by default")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    options = parser.parse_args()
    console = Console(width=118)
    machine = hardware()
    console.print(f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, load {os.getloadavg()[0]:.1f}")
    for name in options.sections or SECTIONS:
        console.rule(name)
        SECTIONS[name](console, options.quick)


if __name__ == "__main__":
    main()
