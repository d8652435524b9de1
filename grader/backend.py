"""Which sandbox grading uses, and what its zygotes have imported before the first submission comes."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from typing import Final

from grader import rules
from grader.verdict import TRITON
from sandbox import cuda
from sandbox.bubblewrap import Bubblewrap
from sandbox.container import Container, Settings
from sandbox.errors import SandboxUnavailable
from sandbox.gpu import Gpu
from sandbox.lane import Preparation
from sandbox.limits import Limits
from sandbox.pool import Backend

#: Set to "off", it has everything judged on the CPU.
GPUS: Final = "FORWARDPASS_GPUS"
#: What runs import lazily unless it is done once before the first fork.
WARM_UP: Final = """
import torch, torch.nn as nn, torch.nn.functional as F, torch.optim, torch.utils.checkpoint, torch.utils._triton
import forwardpass_rules, random, sandbox.runner, dataclasses, typing, functools, itertools, collections, copy, operator
torch.set_num_threads(1)
x = torch.randn(3, 4, requires_grad=True)
y = (F.softmax(nn.Linear(4, 4)(x), -1) @ x.t()).logsumexp(0).sum()
y.backward()
opt = torch.optim.SGD([x], lr=0.1, momentum=0.9)
opt.step(); opt.zero_grad(); opt.load_state_dict(opt.state_dict())
torch.autograd.grad((x * x).sum(), x, create_graph=True)[0].sum().backward()
torch.autograd.grad(x * x, x, torch.ones_like(x))  # an explicit cotangent imports sympy
torch.einsum("ij,kj->ik", x, x)
torch.utils._triton.has_triton_package(), torch.utils._triton.get_triton_version()  # remembered for good
forwardpass_rules.findings(b"import torch", ["torch.softmax"], ["f"])
try:
    exec(compile("raise ValueError('x')", "warm", "exec"))
except ValueError as error:
    sandbox.runner._failure(error)
"""

#: Where there is no GPU, Triton's interpreter runs kernels. Its first one takes 50 ms, those after it a tenth of that.
INTERPRETER: Final = """
import sys, torch, sandbox.runner
kernel = b'''
import triton, triton.language as tl
@triton.jit
def warm(out_ptr, x_ptr, n, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK) + tl.program_id(0) * BLOCK
    for start in range(0, n, BLOCK):
        x = tl.load(x_ptr + start + at, mask=at < n, other=float("-inf")).to(tl.float32)
        e = tl.exp(x - tl.max(x, axis=0)) / tl.sum(tl.where(at < n, tl.maximum(x, 1.0), 1.0), axis=0)
        tl.store(out_ptr + start + at, e.to(out_ptr.dtype.element_ty), mask=at < n)
'''
try:
    import triton
except ImportError:
    pass
else:
    sandbox.runner.load("warm_kernel", kernel)
    sys.modules["warm_kernel"].warm[(1,)](torch.zeros(4), torch.zeros(4), 4, BLOCK=4)
"""

#: Comes last: only what is imported by then can be known under several names.
ALIASES: Final = """
import forwardpass_rules
forwardpass_rules.learn_aliases()
"""

#: What every run does before it is needed: the paths a first call takes, so that their pages are its own by then.
REHEARSAL: Final = """
import socket, torch, sandbox.runner as runner, sandbox.wire as wire
torch.set_num_threads(1)  # a fork's thread pool is made anew at its first use, and two threads at once break that
x = torch.ones(2, 3, requires_grad=True)
y = torch.exp(x - x.amax(-1, keepdim=True))
y = y / y.sum(-1, keepdim=True)
torch.autograd.grad(y, x, torch.ones_like(y))
runner.begin(0, 1 << 20)
a, b = socket.socketpair()
head = {"op": "call", "module": "operator", "function": "neg", "beside": "", "watch": True}
wire.send_frame(a, head, wire.Encoder(((x.detach(),), {})).parts())
head, payload = wire.receive_frame(b, 1 << 20)
runner._encode(*runner._answer(head, payload), 1 << 20)
"""

#: What the first run of a submission does besides: it looks for forbidden names.
OPENING: Final = """
import forwardpass_rules, sandbox.kernel
with open(sandbox.kernel.__file__, "rb") as sample:  # about as long as an answer
    forwardpass_rules.findings(sample.read(), ["torch.softmax"], ["mount"])
"""


BACKENDS: Final[dict[str, Callable[[Limits, Preparation], Backend]]] = {
    "bubblewrap": Bubblewrap,
    "container": Container,
}
#: Names the backend to use.
VARIABLE: Final = "FORWARDPASS_BACKEND"
#: Names the image of lanes with a GPU.
CUDA_IMAGE: Final = "FORWARDPASS_LANE_CUDA_IMAGE"


def default_backend() -> Backend:
    """The sandbox that the operator names in `VARIABLE`; bubblewrap where none is named.

    Raises:
        SandboxUnavailable: there is none of that name.
    """
    name = os.environ.get(VARIABLE, "bubblewrap")
    if name not in BACKENDS:
        raise SandboxUnavailable(f"{VARIABLE} is {name!r}. It can be {' or '.join(BACKENDS)}")
    return BACKENDS[name](Limits(), preparation())


def obstacle(gpu: Gpu) -> str:
    """Why the sandbox used here cannot give this GPU to a lane; "" if it can."""
    if os.environ.get(GPUS) == "off":
        return f"switched off by {GPUS}=off"
    if in_containers():  # the engine gives slices too, and torch comes with the image
        return ""
    if gpu.is_slice:
        return "a slice of a GPU: lanes of bubblewrap take whole ones"
    missing = [name for name in ("torch", TRITON) if importlib.util.find_spec(name) is None]
    if missing:
        return f"{' and '.join(missing)} not installed"
    version, required = metadata.version("torch"), metadata.requires("torch") or []
    with_cuda = "+cu" in version or any(line.startswith(("nvidia-", "cuda-")) for line in required)
    return "" if with_cuda else f"torch {version} is built without CUDA"


def gpu_backend(gpu: Gpu) -> Backend:
    """The sandbox for code that is to run on this GPU.

    Raises:
        GpuUnavailable: the device cannot be given to a lane.
    """
    usual = Limits()
    limits = replace(usual, memory_mb=usual.memory_mb + cuda.CONTEXT_MB, scratch_mb=cuda.CACHES_MB)
    if in_containers():
        settings = replace(
            Settings.from_environment(), gpu=gpu.uuid, image=os.environ.get(CUDA_IMAGE, "forwardpass-lane-cuda")
        )
        return Container(limits, preparation(on_gpu=True), settings)
    return Bubblewrap(limits, preparation(on_gpu=True), cuda.view(gpu))


def in_containers() -> bool:
    """Whether the operator wants lanes to be containers."""
    return os.environ.get(VARIABLE) == "container"


def preparation(*, on_gpu: bool = False) -> Preparation:
    """What a zygote imports and does before the first submission."""
    return Preparation(
        warm_up=WARM_UP + (cuda.WARM_UP if on_gpu else INTERPRETER) + ALIASES,
        rehearsal=REHEARSAL,
        opening=OPENING,
        helpers=rules.helpers(),
        optional=(TRITON,),
        processes=on_gpu,
    )
