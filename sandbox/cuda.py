"""What a bubblewrap lane with a GPU sees that others do not: device files, a C compiler, other settings.

Triton compiles in child processes: once a small library that starts kernels, by the C compiler, and each kernel by the
`ptxas` it brings along. The zygote has the library built before it forks (see `WARM_UP`), so runs need `ptxas` alone.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass
from typing import Final

from sandbox import gpu, site
from sandbox.errors import GpuUnavailable
from sandbox.gpu import Gpu

#: Memory of the host that CUDA takes for itself in a run, beside what the candidate's code does.
CONTEXT_MB: Final = 6144
#: What Triton and CUDA write while they compile.
CACHES_MB: Final = 64
#: The zygote builds the library here; each run has a /tmp of its own, where nothing can be executed.
ZYGOTE_TMP_MB: Final = 64
COMPILER: Final = ("/usr/bin", "/usr/include")
SETTINGS: Final = {"PATH": "/usr/bin", "TRITON_CACHE_DIR": "/tmp/triton", "CUDA_CACHE_PATH": "/tmp/cuda"}
#: Triton's own way to find the driver's library asks a program that the lane need not have.
WARM_UP: Final = """
import ctypes, os
ctypes.CDLL("libcuda.so.1")
with open("/proc/self/maps") as maps:
    (path, *_) = [line.split()[-1] for line in maps if "/libcuda.so" in line]
os.environ["TRITON_LIBCUDA_PATH"] = os.path.dirname(path)
from triton.backends.nvidia.driver import CudaUtils
CudaUtils()
"""


@dataclass(frozen=True)
class View:
    """What is in a lane beside what every lane has; `settings` take the place of settings of the same name."""

    devices: tuple[str, ...] = ()
    binds: tuple[tuple[str, str], ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    tmp_mb: int = 1


def view(device: Gpu) -> View:
    """What a lane on this device sees more.

    Raises:
        GpuUnavailable: this way of isolation cannot give the device to a lane.
    """
    if device.is_slice:
        raise GpuUnavailable(f"{device.name} is a slice of a GPU: lanes of bubblewrap take whole ones")
    files = ("/dev/nvidiactl", "/dev/nvidia-uvm", gpu.device_file(device))
    settings = SETTINGS | {"CUDA_VISIBLE_DEVICES": device.uuid, "TRITON_INTERPRET": "0"}
    return View(files, tuple(_tools()), tuple(settings.items()), ZYGOTE_TMP_MB)


def _tools() -> list[tuple[str, str]]:
    """The system's C compiler, and this Python's headers."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    headers = sysconfig.get_path("include", "posix_prefix")
    pairs = [(path, path) for path in COMPILER] + [(headers, f"{site.PYTHON}/include/{version}")]
    return [(source, target) for source, target in pairs if os.path.isdir(source)]
