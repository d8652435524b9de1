"""The short-lived step between the worker and bubblewrap: joins control groups, gives up root, becomes `bwrap`.

Run as a script with one JSON argument, never inside the sandbox. As root it first lays the folders the lane will see
under a private mount point, because the unprivileged user it becomes may not pass through, say, /root. The mounts
live in a mount namespace of their own and vanish with the lane; no mount ever shows on the host.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sandbox import kernel

#: Where the zygote expects its control socket.
CONTROL_FD = 3


def stage(folder: str, sources: list[str]) -> None:
    """Bind each source to `folder/<index>` in a mount namespace of this process alone."""
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", folder, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=1m")
    for index, source in enumerate(sources):
        target = Path(folder, str(index))
        if Path(source).is_dir():
            target.mkdir()
        else:
            target.touch()
        kernel.mount(source, str(target), "", kernel.MS_BIND | kernel.MS_REC)


def main(config: dict[str, Any]) -> None:
    """Do what `config` says and become bubblewrap.

    Keys: `control` (descriptor), `joins` (control group files), `stage` and `sources` (root only), `uid` (root only),
    `command`.
    """
    for join in config["joins"]:
        Path(join).write_text("0")
    if config["uid"] is not None:
        stage(config["stage"], config["sources"])
        os.setgroups([])
        os.setresgid(config["uid"], config["uid"], config["uid"])
        os.setresuid(config["uid"], config["uid"], config["uid"])
    os.dup2(config["control"], CONTROL_FD)
    os.chdir("/")
    os.umask(0o077)
    os.execve(config["command"][0], config["command"], {})


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
