"""Tests of what looks for forbidden names, run here without a lane."""

from __future__ import annotations

import sys
import textwrap
import time
import types

import pytest

from grader import inside
from grader.inside import findings

FORBID = ["torch.softmax", "torch.nn.functional.softmax", "torch.optim.adam"]


def lines(source: str, entry: str = "f") -> list[tuple[int, str]]:
    return findings(textwrap.dedent(source).encode(), FORBID, [entry])[entry]


@pytest.mark.parametrize(
    "body",
    [
        "import torch\ndef f(x): return torch.softmax(x, -1)",
        "import torch as t\ndef f(x): return t.softmax(x, -1)",
        "from torch import softmax\ndef f(x): return softmax(x, -1)",
        "from torch import softmax as s\ndef f(x): return s(x, -1)",
        "import torch.nn.functional as F\ndef f(x): return F.softmax(x, -1)",
        "from torch.nn import functional\ndef f(x): return functional.softmax(x, -1)",
        "from torch import nn\ndef f(x): return nn.functional.softmax(x, -1)",
        "import torch\ndef f(x): return getattr(torch, 'softmax')(x, -1)",
        "def f(x):\n    import torch\n    return torch.softmax(x, -1)",
        "from torch.optim import adam\ndef f(x): return adam.Adam(x)",
        "import torch.optim.adam\ndef f(x): return torch.optim.adam.Adam(x)",
        "def f(x): return eval('x')",
        "def f(x): return __import__('torch').softmax(x)",
        "import torch\ndef f(x): return torch._C._VariableFunctions.softmax(x)",
        "import torch\ndef f(x): return torch.ops.aten._softmax(x)",
        "import ctypes\ndef f(x): return ctypes.c_int(x)",
        "import sys\ndef f(x): return sys.modules['torch']",
        "import os\ndef f(x): return os.sys.modules['torch']",
        "from torch import os\ndef f(x): return os.sys._getframe()",
        "import torch\ndef f(x): return torch.relu.__globals__",
        "def f(x):\n    match x:\n        case object(__globals__=g):\n            return g",
        "def g(): return x.__subclasses__()\ndef f(x): return globals()['g']()",
        "# coding: no-such-coding\nimport torch\ndef f(x): return torch.softmax(x, -1)",
        "import torch\nif __name__ == '__main__':\n    pass\nelse:\n    g = torch.softmax\ndef f(x): return g(x)",
        "if __name__ == '__main__':\n    import ctypes\ndef f(x): return x",
    ],
)
def test_a_forbidden_name_is_found_by_whatever_route(body: str) -> None:
    """Aliases, from-imports, constant getattr, inner imports, and what could switch the watching off."""
    assert lines(body)


def test_a_finding_carries_its_line() -> None:
    """The report points to where the name stands."""
    assert lines("import torch\n\ndef f(x):\n    y = x\n    return torch.softmax(y, 0)\n") == [(5, "torch.softmax")]


def test_a_helper_counts_for_the_entries_that_reach_it() -> None:
    """What an entry calls, directly or not, is part of it; what it does not reach is not."""
    source = """
        import torch
        def helper(x): return torch.softmax(x, 0)
        def middle(x): return helper(x)
        def f(x): return middle(x)
        def g(x): return x
    """
    assert lines(source, "f") == [(3, "torch.softmax")]
    assert lines(source, "g") == []


def test_a_statement_that_defines_nothing_counts_for_every_entry() -> None:
    """Code at module level runs for all."""
    source = "import torch\nprint(torch.softmax)\ndef f(x): return x\n"
    assert lines(source) == [(2, "torch.softmax")]


@pytest.mark.parametrize(
    "body",
    [
        "def softmax(x): return x\ndef f(x): return softmax(x)",
        "class A:\n    def softmax(self, x): return x\ndef f(x): return A().softmax(x)",
        "import torch\ndef f(x): return torch.exp(x)  # not torch.softmax",
        "def f(x):\n    '''like torch.softmax'''\n    return x",
        "def f(m): return m.eval()",
        "import os, sys, math\ndef f(x): return x",
        "import torch\ndef f(x): return x\nif __name__ == '__main__':\n    print(f(1) == torch.softmax(1, 0))",
        "import torch\n@torch.compile\ndef f(x): return x",
    ],
)
def test_what_only_looks_like_a_forbidden_name_is_allowed(body: str) -> None:
    """Names of one's own, comments, docstrings and methods are free."""
    assert lines(body) == []


def test_a_file_that_does_not_parse_has_no_findings() -> None:
    """Loading it says what is wrong with it."""
    assert lines("def f(:\n") == []


def test_only_the_first_findings_are_told() -> None:
    """A file of nothing but forbidden names makes a note that can be read."""
    found = lines("import torch\n" + "torch.softmax\n" * 1000)
    assert found[0] == (2, "torch.softmax")
    assert len(found) == 20


def test_a_statement_that_binds_many_names_takes_no_longer() -> None:
    """Ten thousand names in one statement are looked at once, not once for each."""
    started = time.process_time()
    assert lines("=".join(f"a{n}" for n in range(10_000)) + "=0\ndef f(x): return a1\n") == []
    assert time.process_time() - started < 2.0


@pytest.mark.parametrize("order", [1, -1])
def test_a_name_below_a_forbidden_one_may_be_forbidden_too(monkeypatch: pytest.MonkeyPatch, order: int) -> None:
    """A module and a function in it can both be listed, in either order, and the module stays refused."""
    package, module = types.ModuleType("somepackage"), types.ModuleType("somepackage.part")
    package.__path__ = []
    package.part, module.function = module, len  # type: ignore[attr-defined]  # a made-up module
    monkeypatch.setitem(sys.modules, "somepackage", package)
    monkeypatch.setitem(sys.modules, "somepackage.part", module)
    inside.arm(["somepackage.part", "somepackage.part.function", "somepackage.part.function.more"][::order], [])
    assert isinstance(sys.modules["somepackage.part"], inside._Refusal)


def test_what_another_module_imported_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function of a forbidden module is refused under whatever name another module holds it."""
    module, other = types.ModuleType("apackage"), types.ModuleType("bpackage")
    exec("def function():\n    return 1\n", module.__dict__)
    other.alias = module.function  # type: ignore[attr-defined]  # made-up modules
    monkeypatch.setitem(sys.modules, "apackage", module)
    monkeypatch.setitem(sys.modules, "bpackage", other)
    monkeypatch.setitem(sys.modules, "holder", types.ModuleType("holder"))
    sys.modules["holder"].apackage = module  # type: ignore[attr-defined]  # so that it has an owner
    monkeypatch.setattr(inside, "_aliases", {})
    inside.learn_aliases()
    inside.arm(["holder.apackage"], [])
    with pytest.raises(inside.ForbiddenCall):
        other.alias()
