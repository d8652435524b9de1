"""The backend for production: lanes as hardened containers of a Docker engine, CPU and CUDA, runc or runsc.

Theory of operation. A lane is one long-lived container that holds Python, torch and `sandbox/` and nothing else, with
the zygote as its process 1. `transport.py` gets the worker a control socket to it, over which the lane is driven just
as a bubblewrap lane is. Where the engine lets a container make user namespaces, each run is in namespaces of its own;
where it does not, each run has a user id of its own (`isolate.py`). The first lane finds out which.

The engine may hang, restart, or lose an image at any time. Every call to it has a deadline; what goes wrong with it is
`EngineAway` and worth another try later. A lane ends by itself when its control socket closes, and the engine removes
it then, so that a killed worker leaves nothing; what was created and never started is found by its label, whose lock
file tells whether its worker lives.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from sandbox import profile, version
from sandbox.bubblewrap import ENVIRONMENT, FIRST_UID, LANE_OVERHEAD_MB
from sandbox.engine import Engine
from sandbox.errors import IsolationRefused, SandboxError, SandboxUnavailable
from sandbox.home import Home
from sandbox.lane import Lane, Preparation
from sandbox.limits import Limits
from sandbox.transport import ByAttaching, ByPath, Transport

NAME: Final = "container"
IMAGE: Final = "forwardpass-lane"
#: Every container of ours has it; its value names the worker's lock file.
LABEL: Final = "forwardpass.worker"
#: How far apart the first user ids of two lanes are: without namespaces a lane takes the next one for each run.
IDS_OF_A_LANE: Final = 1 << 16
#: What a lane with a GPU finds in its environment.
GPU_SETTINGS: Final = {
    "TRITON_INTERPRET": "0",
    "CUDA_CACHE_PATH": "/tmp/cuda",
    "NVIDIA_DRIVER_CAPABILITIES": "compute,utility",
}
#: What runs lower further; a core size of 0 would still start a program that core_pattern names.
#: A third of what any other container weighs: who waits for an answer comes before who is graded.
CPU_SHARES: Final = 341
ULIMITS: Final = (("core", 1), ("memlock", 0), ("nofile", 4096), ("msgqueue", 0))

_numbers = itertools.count()


@dataclass(frozen=True)
class Settings:
    """Where the engine is and what it is asked for.

    Attributes:
        image: name or digest of the lane image.
        runtime: the OCI runtime, "" for the engine's default.
        sockets: the folder under which lanes' sockets are made.
        volume: the engine's name of the volume mounted at `sockets`, where the worker is itself in a container.
        isolation: "namespaces", "users", or "" to find out.
        transport: "socket", "attach", or "" to go by DOCKER_HOST and the runtime.
        apparmor: an AppArmor profile, "" for the engine's own.
        seccomp: a seccomp profile as JSON; "" for the engine's own.
        single_use: a container serves one submission and is removed, others being kept warm.
        gpu: the device a lane has for itself, by the driver's name for it; "" for none.
    """

    image: str = IMAGE
    runtime: str = ""
    sockets: str = ""
    volume: str = ""
    isolation: str = ""
    transport: str = ""
    apparmor: str = ""
    seccomp: str = ""
    single_use: bool = False
    gpu: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """What FORWARDPASS_LANE_* say."""
        names = ("image", "runtime", "sockets", "volume", "isolation", "transport", "apparmor")
        found = {name: environment.get(f"FORWARDPASS_LANE_{name.upper()}", "") for name in names}
        single_use = environment.get("FORWARDPASS_LANE_SINGLE_USE", "") not in ("", "0")
        named = {name: value for name, value in found.items() if value}
        return cls(**named, seccomp=profile.profile(), single_use=single_use)


@dataclass
class ContainerLane:
    """One lane with the container to remove after it."""

    lane: Lane
    engine: Engine
    container: str
    transport: Transport
    stopped: bool = False

    @property
    def alive(self) -> bool:
        """Whether the zygote still holds its end of the control socket."""
        return self.lane.connected

    def stop(self) -> None:
        """End the lane and have its container removed; safe to call twice, and without an engine."""
        if self.stopped:
            return
        self.stopped = True
        self.lane.hang_up()
        self.transport.close()
        _remove(self.engine, self.container)


def _remove(engine: Engine, container: str) -> None:
    """Remove a container; if that fails, it goes when its zygote ends, or when the next worker sweeps."""
    with contextlib.suppress(SandboxError), engine.asked("remove") as api:
        api.remove_container(container, force=True, v=True)


class Container:
    """Starts lanes; see `sandbox.pool.Backend`."""

    name = NAME

    @property
    def single_use(self) -> bool:
        """Whether every user gets a container of its own."""
        return self.settings.single_use

    def __init__(self, limits: Limits, preparation: Preparation, settings: Settings | None = None) -> None:
        self._limits, self._preparation = limits, preparation
        self.settings = settings or Settings.from_environment()
        self.engine = Engine()
        self._isolation = self.settings.isolation

    @cached_property
    def home(self) -> Home:
        """Where lanes connect; what dead workers left is cleared away first."""
        home = Home(self.settings.sockets)
        home.sweep()
        return home

    def start(self) -> ContainerLane:
        """One lane, prepared and ready to fork.

        Raises:
            SandboxUnavailable: the engine refuses.
            EngineAway: the engine does not answer or has no image, for now.
            LaneLost: the container ended before it could be used.
        """
        self.sweep()
        if not self._isolation:
            try:
                return self._start("namespaces")
            except IsolationRefused:
                self._isolation = "users"
        return self._start(self._isolation)

    def describe(self) -> dict[str, str]:
        """What a report says of this backend."""
        return {"name": NAME, "image": self.settings.image, "runtime": self.settings.runtime or "the engine's default"}

    def sweep(self) -> None:
        """Remove the containers of workers that are dead.

        Raises:
            EngineAway: the engine does not answer.
        """
        with self.engine.asked("list") as api:
            found = api.containers(all=True, filters={"label": LABEL})
        for container in found:
            worker = container["Labels"].get(LABEL, "")
            if worker != self.home.name and self.home.is_dead(worker):
                _remove(self.engine, container["Id"])

    def _start(self, isolation: str) -> ContainerLane:
        transport = self._transport()
        with contextlib.ExitStack() as undo:
            undo.callback(transport.close)
            image = self._image_id()
            container = self._create(transport, isolation, image)
            undo.callback(_remove, self.engine, container)
            control = transport.connected(lambda: self._has_ended(container))
            facts = {"image": image, "isolation": isolation, "memory": "cgroup of the container"}
            lane = Lane(control, replace(self._limits), self.describe() | facts, distant=True)
            undo.callback(lane.hang_up)
            if lane.prepare(self._preparation)["version"] != version.digest():
                raise SandboxUnavailable(
                    f"the image {self.settings.image} has another version of sandbox/. Build it anew"
                )
            lane.prove()
            undo.pop_all()
        return ContainerLane(lane, self.engine, container, transport)

    def _transport(self) -> Transport:
        if self.settings.transport == "attach" or (not self.settings.transport and self._is_out_of_reach()):
            return ByAttaching()
        return ByPath(self.home, self.settings.volume)

    def _is_out_of_reach(self) -> bool:
        """Whether no Unix socket of this machine gets into a lane."""
        return not os.environ.get("DOCKER_HOST", "unix://").startswith("unix://") or "runsc" in self.settings.runtime

    def _image_id(self) -> str:
        """The digest of the image as it is now: a tag may move between asking for it and creating from it."""
        with self.engine.asked("find the image of") as api:
            return str(api.inspect_image(self.settings.image)["Id"])  # type: ignore[no-untyped-call]  # the SDK's

    def _create(self, transport: Transport, isolation: str, image: str) -> str:
        """Create a container and start it; gives its id."""
        config = self._config(transport, isolation) | {"Image": image}
        with self.engine.asked("create") as api:
            container = str(api.create_container_from_config(config)["Id"])  # type: ignore[no-untyped-call]  # the SDK's
        try:
            transport.prepare(self.engine, container)
            with self.engine.asked("start") as api:
                api.start(container)
        except SandboxError:
            _remove(self.engine, container)
            raise
        return container

    def _has_ended(self, container: str) -> bool:
        with self.engine.asked("look for") as api:
            return not api.containers(filters={"id": container})

    def _config(self, transport: Transport, isolation: str) -> dict[str, Any]:
        uid = FIRST_UID // 2 + (os.getpid() * 64 + next(_numbers)) * IDS_OF_A_LANE % (FIRST_UID // 2)
        return transport.config() | {
            "Cmd": transport.arguments() + (["--users", str(uid)] if isolation == "users" else []),
            "Env": self._environment(),
            "User": "0:0" if isolation == "users" else f"{uid}:{uid}",
            "Hostname": "lane",
            "NetworkDisabled": True,
            "Labels": {LABEL: self.home.name},
            "HostConfig": self._host_config(isolation) | transport.host_config(),
        }

    def _environment(self) -> list[str]:
        """Ours where it differs from the image's, which knows where its packages are."""
        ours = {name: value for name, value in ENVIRONMENT.items() if name not in ("PATH", "PYTHONPATH")}
        if self.settings.gpu:
            ours |= GPU_SETTINGS
        return [f"{name}={value}" for name, value in ours.items()]

    def _host_config(self, isolation: str) -> dict[str, Any]:
        memory = (self._limits.memory_mb * 2 + self._limits.scratch_mb + LANE_OVERHEAD_MB) << 20
        scratch = f"rw,nosuid,nodev,noexec,size={self._limits.scratch_mb}m,nr_inodes={self._limits.inodes},mode=1777"
        profiles = {"seccomp": self.settings.seccomp, "apparmor": self.settings.apparmor}
        config: dict[str, Any] = {
            "AutoRemove": True,
            "NetworkMode": "none",
            "IpcMode": "private",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "CapAdd": ["SETUID", "SETGID", "KILL", "SYS_NICE"] if isolation == "users" else [],
            "SecurityOpt": ["no-new-privileges", *(f"{kind}={name}" for kind, name in profiles.items() if name)],
            "PidsLimit": self._limits.threads * 2 + 16,
            "Memory": memory,
            "MemorySwap": memory,
            "CpuShares": CPU_SHARES,
            "CpusetCpus": ",".join(map(str, sorted(os.sched_getaffinity(0)))),
            "Tmpfs": {"/tmp": scratch, "/dev/shm": "ro,nosuid,nodev,noexec,size=64k"},
            "Ulimits": [{"Name": name, "Soft": bound, "Hard": bound} for name, bound in ULIMITS],
        }
        if isolation == "namespaces":  # the kernel mounts no fresh /proc where parts of the old one are covered
            config |= {"MaskedPaths": [], "ReadonlyPaths": []}
        else:  # there runs see the container's, and writing to it would reset the memory peak we read
            config |= {"ReadonlyPaths": ["/proc"], "OomScoreAdj": 500}
        if self.settings.gpu:
            device = {"Driver": "nvidia", "DeviceIDs": [self.settings.gpu], "Capabilities": [["gpu"]]}
            config["DeviceRequests"] = [device]
        if self.settings.runtime:
            config["Runtime"] = self.settings.runtime
        return config
