"""The built images, opened once: what is in them, and a way to run something in them."""

from __future__ import annotations

import functools
import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

import pytest

from tests.engines import without_engine

if TYPE_CHECKING:
    import docker
    from docker.models.images import Image

#: Files above this size are libraries; nothing of a task is nearly as large.
HASHED_BYTES = 1 << 20
#: How an untrusted lane is run, as far as an image has to bear it.
CONFINED: dict[str, Any] = {
    "network_mode": "none",
    "read_only": True,
    "tmpfs": {"/tmp": "noexec,size=64m"},
    "cap_drop": ["ALL"],
}


@dataclass(frozen=True)
class Entry:
    """A file or folder of an image; `digest` is empty for what is no file or a large one."""

    path: str
    mode: int
    kind: bytes
    digest: str

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def is_file(self) -> bool:
        return self.kind in tarfile.REGULAR_TYPES


@dataclass(frozen=True)
class Built:
    """One built image."""

    client: docker.DockerClient
    image: Image

    @functools.cached_property
    def entries(self) -> list[Entry]:
        """Everything in its file system."""
        container = self.client.containers.create(self.image)
        try:
            chunks = cast("Iterator[bytes]", container.export())  # as the SDK's stubs do not have it
            with tarfile.open(fileobj=io.BufferedReader(_Stream(chunks)), mode="r|") as archive:
                return [_entry(archive, member) for member in archive]
        finally:
            container.remove()

    def files(self) -> list[Entry]:
        """Its regular files."""
        return [entry for entry in self.entries if entry.is_file]

    def run(self, *command: str, **options: Any) -> str:
        """What a command in it printed.

        Raises:
            docker.errors.ContainerError: it failed.
        """
        options = CONFINED | {"entrypoint": [command[0]], "remove": True, "stderr": True} | options
        output: bytes = self.client.containers.run(self.image, list(command[1:]), **options)
        return output.decode()


class _Stream(io.RawIOBase):
    """A file over the chunks that come from the engine."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._rest = self._rest or next(self._chunks, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _entry(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    digest = ""
    if member.isreg() and member.size <= HASHED_BYTES:
        digest = hashlib.sha256(cast("IO[bytes]", archive.extractfile(member)).read()).hexdigest()
    return Entry("/" + member.name.rstrip("/"), member.mode, member.type, digest)


@pytest.fixture(scope="session")
def built() -> Callable[[str], Built]:
    """The image of a target; the test is skipped where there is none, which says what is missing."""
    docker = pytest.importorskip("docker", reason="the Docker SDK is missing: pip install 'forwardpass[docker]'")
    try:
        client = docker.from_env(timeout=60)
    except docker.errors.DockerException as error:
        without_engine(f"no container engine answers ({error}): .ci/engine.sh starts one")

    @functools.cache
    def find(target: str) -> Built:
        name = f"forwardpass-{target}"
        try:
            return Built(client, client.images.get(name))
        except docker.errors.ImageNotFound:
            without_engine(f"the image {name} is missing: .ci/engine.sh builds it")

    return find


@pytest.fixture
def lane(built: Callable[[str], Built]) -> Built:
    return built("lane")


@pytest.fixture
def service(built: Callable[[str], Built]) -> Built:
    return built("service")


@pytest.fixture
def worker(built: Callable[[str], Built]) -> Built:
    return built("worker")


@pytest.fixture(params=["lane", "service", "worker"])
def image(request: pytest.FixtureRequest, built: Callable[[str], Built]) -> Built:
    return built(request.param)
