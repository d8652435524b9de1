"""A worker's folder of sockets, which tells living workers from dead ones by a lock the kernel lets go with them."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import IO

from sandbox.errors import SandboxUnavailable


class Home:
    """The worker's folder of sockets, locked as long as it lives; knows which other workers are dead."""

    def __init__(self, root: str = "") -> None:
        self.root = Path(root or Path(tempfile.gettempdir(), f"forwardpass-{os.geteuid()}"))
        self.root.mkdir(mode=0o711, parents=True, exist_ok=True)
        if self.root.stat().st_uid != os.geteuid() or (not root and self.root.is_symlink()):
            raise SandboxUnavailable(f"{self.root} belongs to another user. Name a folder in FORWARDPASS_LANE_SOCKETS")
        self.name = secrets.token_hex(6)
        self._lock = self._locked()
        atexit.register(self.close)

    def folder(self) -> Path:
        """A new folder for one lane's socket, passable for the user in its container."""
        path = self.root / f"{self.name}-{secrets.token_hex(4)}"
        path.mkdir(mode=0o755)
        path.chmod(0o755)
        return path

    def is_dead(self, name: str) -> bool:
        """Whether the worker of that name holds its lock no longer."""
        try:
            with open(self._lock_of(name)) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return True
        except BlockingIOError:
            return False
        return True

    def sweep(self) -> None:
        """Delete what dead workers left here."""
        for lock in self.root.glob("*.lock"):
            if lock.stem != self.name and self.is_dead(lock.stem):
                for folder in self.root.glob(f"{lock.stem}-*"):
                    shutil.rmtree(folder, ignore_errors=True)
                lock.unlink(missing_ok=True)

    def close(self) -> None:
        """Give the lock up."""
        self._lock.close()
        self._lock_of(self.name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # lanes of other workers
            self.root.rmdir()

    def _locked(self) -> IO[str]:
        """Our lock file, locked; another worker may have cleared it away, or the folder, while nobody held it yet."""
        path = self._lock_of(self.name)
        while True:
            with contextlib.suppress(FileNotFoundError):
                lock = open(path, "w")  # noqa: SIM115  # held open as long as this process lives
                fcntl.flock(lock, fcntl.LOCK_EX)
                if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                    return lock
            self.root.mkdir(mode=0o711, parents=True, exist_ok=True)

    def _lock_of(self, name: str) -> Path:
        return self.root / f"{name}.lock"
