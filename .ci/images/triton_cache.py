"""Spares a CUDA lane the C compiler: Triton compiles one extension of its own, which the image brings along.

Run in a build stage with a compiler as `triton_cache.py FOLDER`, it makes Triton compile that extension into FOLDER. In
the lane, Triton imports `Cache` from here (TRITON_CACHE_MANAGER) and finds it there; what kernels compile to goes to
TRITON_CACHE_DIR as ever. Nothing has to be executable in /tmp for that.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from triton.runtime.cache import FileCacheManager

#: Where the image keeps what `main` compiled.
BUILT: Final = "/usr/lib/triton"


class Cache(FileCacheManager):
    """Triton's own cache over a read-only one."""

    def get_file(self, filename: str) -> str | None:
        """The path of a cached file, if there is one."""
        built = os.path.join(BUILT, self.key, filename)
        return built if os.path.exists(built) else super().get_file(filename)


def main(folder: str) -> None:
    """Have Triton compile its extension into `folder`, against a stand-in for the driver's library."""
    with tempfile.TemporaryDirectory() as tools:
        linked = f"{tools}/libcuda.so.1"
        subprocess.run(["gcc", "-shared", "-Wl,-soname,libcuda.so.1", "-xc", "/dev/null", "-o", linked], check=True)
        compiler = Path(tools, "cc")
        compiler.write_text('#!/bin/sh\nexec gcc -Wl,--no-as-needed "$@"\n')  # the stand-in defines nothing
        compiler.chmod(0o755)
        os.environ |= {"CC": str(compiler), "TRITON_CACHE_DIR": folder, "TRITON_LIBCUDA_PATH": tools}
        from triton.backends.nvidia import driver

        try:
            driver.CudaUtils()
        except ImportError as error:  # it is kept before it is loaded, which takes a driver
            if "libcuda.so.1" in str(error):
                return
            raise
        sys.exit("Triton's driver loaded without libcuda.so.1: does this version do it another way?")


if __name__ == "__main__":
    main(sys.argv[1])
