"""Which sandbox grading uses, and what its zygotes have imported before the first submission comes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from grader import rules
from sandbox.bubblewrap import Bubblewrap
from sandbox.container import Container
from sandbox.errors import SandboxUnavailable
from sandbox.lane import Preparation
from sandbox.limits import Limits
from sandbox.pool import Backend

#: What runs import lazily unless it is done once before the first fork.
WARM_UP: Final = """
import torch, torch.nn as nn, torch.nn.functional as F, torch.optim, torch.utils.checkpoint
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
forwardpass_rules.findings(b"import torch", ["torch.softmax"], ["f"])
try:
    exec(compile("raise ValueError('x')", "warm", "exec"))
except ValueError as error:
    sandbox.runner._failure(error)
"""


#: What every run does before it is needed: the paths a first call takes, so that their pages are its own by then.
REHEARSAL: Final = """
import socket, torch, forwardpass_rules, sandbox.kernel, sandbox.runner as runner, sandbox.wire as wire
torch.set_num_threads(1)  # a fork's thread pool is made anew at its first use, and two threads at once break that
x = torch.ones(2, 3, requires_grad=True)
y = torch.exp(x - x.amax(-1, keepdim=True))
y = y / y.sum(-1, keepdim=True)
torch.autograd.grad(y, x, torch.ones_like(y))
with open(sandbox.kernel.__file__, "rb") as sample:  # about as long as an answer
    forwardpass_rules.findings(sample.read(), ["torch.softmax"], ["mount"])
runner.begin(0, 1 << 20)
a, b = socket.socketpair()
head = {"op": "call", "module": "operator", "function": "neg", "beside": "", "watch": True}
wire.send_frame(a, head, wire.Encoder(((x.detach(),), {})).parts())
head, payload = wire.receive_frame(b, 1 << 20)
runner._encode(*runner._answer(head, payload), 1 << 20)
"""


BACKENDS: Final[dict[str, Callable[[Limits, Preparation], Backend]]] = {
    "bubblewrap": Bubblewrap,
    "container": Container,
}
#: Names the backend to use.
VARIABLE: Final = "FORWARDPASS_BACKEND"


def default_backend() -> Backend:
    """The sandbox that the operator names in `VARIABLE`; bubblewrap where none is named.

    Raises:
        SandboxUnavailable: there is none of that name.
    """
    name = os.environ.get(VARIABLE, "bubblewrap")
    if name not in BACKENDS:
        raise SandboxUnavailable(f"{VARIABLE} is {name!r}. It can be {' or '.join(BACKENDS)}")
    return BACKENDS[name](Limits(), Preparation(warm_up=WARM_UP, rehearsal=REHEARSAL, helpers=rules.helpers()))
