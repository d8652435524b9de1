"""Run as a script: has the first GPU that CUDA shows compute something small, and ends with 0 if the answer is right.

It speaks to the driver alone, by way of ctypes, so it needs neither torch nor a compiler. Whoever starts it gives it a
deadline and, by CUDA_VISIBLE_DEVICES, one device.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any, Final

THREADS: Final = 256
LIBRARY: Final = "libcuda.so.1"
#: Each thread writes its number squared plus seven.
KERNEL: Final = b"""
.version 6.0
.target sm_50
.address_size 64

.visible .entry canary(.param .u64 out)
{
    .reg .b32 %r<3>;
    .reg .b64 %rd<5>;
    ld.param.u64 %rd1, [out];
    cvta.to.global.u64 %rd2, %rd1;
    mov.u32 %r1, %tid.x;
    mad.lo.u32 %r2, %r1, %r1, 7;
    mul.wide.u32 %rd3, %r1, 4;
    add.s64 %rd4, %rd2, %rd3;
    st.global.u32 [%rd4], %r2;
    ret;
}
"""


def sings(cuda: Any) -> bool:
    """Whether the kernel's answer is right.

    Raises:
        OSError: the driver refuses one of the steps.
    """
    device, context, module, function = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    out, answer = ctypes.c_uint64(), (ctypes.c_uint32 * THREADS)()
    _do(cuda, "cuInit", 0)
    _do(cuda, "cuDeviceGet", ctypes.byref(device), 0)
    _do(cuda, "cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
    _do(cuda, "cuCtxSetCurrent", context)
    _do(cuda, "cuModuleLoadData", ctypes.byref(module), KERNEL)
    _do(cuda, "cuModuleGetFunction", ctypes.byref(function), module, b"canary")
    _do(cuda, "cuMemAlloc_v2", ctypes.byref(out), ctypes.c_size_t(ctypes.sizeof(answer)))
    arguments = (ctypes.c_void_p * 1)(ctypes.addressof(out))
    _do(cuda, "cuLaunchKernel", function, 1, 1, 1, THREADS, 1, 1, 0, None, arguments, None)
    _do(cuda, "cuCtxSynchronize")
    _do(cuda, "cuMemcpyDtoH_v2", answer, out, ctypes.c_size_t(ctypes.sizeof(answer)))
    return list(answer) == [n * n + 7 for n in range(THREADS)]


def _do(cuda: Any, name: str, *arguments: Any) -> None:
    status = getattr(cuda, name)(*arguments)
    if status:
        raise OSError(f"{name} fails with CUDA error {status}")


def main() -> int:
    """Load the driver and try; what went wrong is printed."""
    try:
        if sings(ctypes.CDLL(LIBRARY)):
            return 0
        print("the GPU computes a wrong answer")
    except (OSError, AttributeError) as error:
        print(error)
    return 1


if __name__ == "__main__":
    sys.exit(main())
