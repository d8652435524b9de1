"""Inside a run: finds forbidden names before candidate code starts, and watches for them while it runs.

This file is shipped into the lane as the module `forwardpass_rules`; it imports nothing of the grader. Three layers,
because each lets something slip: the syntax tree (before the submission's first line is executed, so its verdict
cannot be tampered with), stand-ins put where the forbidden functions were, and kernels that refuse in place of those
PyTorch's dispatcher would call. The last is what no alias, no thread and no tensor subclass gets around: every route
to an operator ends at its kernels, and nothing candidate code can reach takes ours away again. The stand-ins share a
process with candidate code, so the syntax tree also refuses the names that lead to them.
"""

from __future__ import annotations

import ast
import ctypes
import functools
import importlib
import itertools
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch

from sandbox.runner import note

SOLUTION = "solution.py"
#: What leads to the watching, to hide a note or to find what a stand-in replaced; refused in a task that forbids.
TAMPERING = frozenset((
    "sandbox", "forwardpass_rules", "ctypes", "_ctypes", "gc", "importlib", "imp", "sys.modules", "sys._getframe",
    "torch._C", "torch.ops", "torch._ops", "torch.library", "torch._library", "torch._refs", "torch._prims",
    "torch._decomp", "torch._inductor", "torch._dynamo", "torch.utils._python_dispatch", "torch.utils.cpp_extension",
    "torch.overrides", "torch.fx", "inspect", "pkgutil", "runpy", "builtins",
))  # fmt: skip
DYNAMIC = ("exec", "eval", "compile", "__import__", "__builtins__", "__loader__", "__spec__")
#: Attributes that lead from any object to the frames and namespaces of others.
REFLECTION = (
    "__globals__", "__builtins__", "__closure__", "__subclasses__", "__loader__", "__spec__", "_getframe", "f_back",
    "f_globals", "f_locals", "f_builtins", "tb_frame", "gi_frame", "cr_frame", "ag_frame",
)  # fmt: skip
MAIN = "__name__ == '__main__'"
#: A file that names a thousand forbidden things is told of the first few.
MOST_FINDINGS = 20


class ForbiddenCall(RuntimeError):
    """Candidate code reached for something the task forbids."""


# --- layer 1: the syntax tree -------------------------------------------------------------------


def findings(source: bytes, forbid: list[str], entries: list[str]) -> dict[str, list[tuple[int, str]]]:
    """For each entry, the forbidden names in what it is made of: (line, name), the first few in order.

    An entry is made of its own definition, of every top-level definition it mentions, directly or not, and of the
    statements at module level that define nothing, what only a program of its own would run apart; what leads to the
    watching counts wherever it stands. The text is the one that is executed: no coding comment makes the two differ. A
    file that does not parse has no findings; loading it says why.
    """
    try:
        tree = ast.parse(source.decode("utf-8-sig"), SOLUTION)
    except (SyntaxError, UnicodeDecodeError):
        return {entry: [] for entry in entries}
    nodes = {statement: _walk(statement) for statement in tree.body}
    finder = _Finder(itertools.chain.from_iterable(nodes.values()), frozenset(forbid))
    named = {statement: set(finder.forbidden(inner)) for statement, inner in nodes.items()}
    tampering = {found for inner in nodes.values() for found in finder.tampering(inner)}
    statements = _Statements(nodes)
    found = {entry: tampering.union(*(named[s] for s in statements.of(entry))) for entry in entries}
    return {entry: sorted(lines)[:MOST_FINDINGS] for entry, lines in found.items()}


def _walk(root: ast.AST) -> list[ast.AST]:
    """What `ast.walk` gives, whatever names and binds nothing left out: this is on every clock."""
    found = [root]
    for node in found:
        for value in node.__dict__.values():
            if value.__class__ is list:
                found += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, _LEAVES):
                found.append(value)
    return [node for node in found if node.__class__ in _TELLING]


_LEAVES = (ast.expr_context, ast.Constant, ast.operator, ast.unaryop, ast.boolop)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NAMING = (ast.Name, ast.Attribute, ast.Call, ast.Import, ast.ImportFrom)
_TELLING = frozenset((*_DEFINITIONS, *_NAMING, ast.alias, ast.MatchClass))


class _Finder:
    """Resolves names and attribute chains to dotted paths by the imports among `nodes`."""

    def __init__(self, nodes: Iterable[ast.AST], forbid: frozenset[str]) -> None:
        self._forbid = forbid
        known = list(nodes)
        self._aliases = dict(_imported(known))
        self._named: dict[ast.AST, list[str]] = {}
        for node in known:
            if node.__class__ in _NAMING and (paths := self._paths(node)):
                self._named[node] = paths

    def forbidden(self, nodes: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
        """What these name of the task's forbidden names: a.b.c is forbidden where a.b.c, a.b or a is."""
        for node in nodes:
            for path in self._named.get(node, ()):
                yield from ((_line(node), name) for name in _from(path) if name in self._forbid)

    def tampering(self, nodes: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
        """What these name that leads to the watching, by whatever module it is reached."""
        for node in nodes:
            for path in self._named.get(node, ()):
                yield from ((_line(node), name) for name in _tampering(path))
            if isinstance(node, ast.Name):
                if node.id in DYNAMIC:
                    yield node.lineno, node.id
            else:
                yield from ((_line(node), name) for name in _attributes(node) if name in REFLECTION)

    def _paths(self, node: ast.AST) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            return [f"{node.module}.{alias.name}" for alias in node.names] + [node.module or ""]
        if isinstance(node, (ast.Attribute, ast.Name)):
            return [path] if (path := self._dotted(node)) else []
        if isinstance(node, ast.Call):
            return self._by_getattr(node)
        return []

    def _dotted(self, node: ast.AST) -> str:
        if isinstance(node, ast.Name):
            return self._aliases.get(node.id, "")
        if isinstance(node, ast.Attribute):
            head = self._dotted(node.value)
            return f"{head}.{node.attr}" if head else ""
        return ""

    def _by_getattr(self, node: ast.Call) -> list[str]:
        """getattr(torch, "softmax") reads like torch.softmax."""
        head = self._dotted(node.args[0]) if node.args else ""
        return [f"{head}.{name}" for name in _attributes(node) if head]


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)


def _attributes(node: ast.AST) -> list[str]:
    """The attributes a node reads: written out, by getattr with a constant, or by a pattern of `match`."""
    if isinstance(node, ast.Attribute):
        return [node.attr]
    if isinstance(node, ast.MatchClass):
        return node.kwd_attrs
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
        return [a.value for a in node.args[1:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return []


def _from(path: str) -> Iterator[str]:
    """a.b.c, a.b and a."""
    while path:
        yield path
        path = path.rpartition(".")[0]


@functools.cache
def _tampering(path: str) -> tuple[str, ...]:
    """What a path names that leads to the watching; a file names the same few paths over and over."""
    return tuple(name for start in _starts(path) for name in _from(start) if name in TAMPERING)


def _starts(path: str) -> Iterator[str]:
    """a.b.c, b.c and c."""
    while path:
        yield path
        path = path.partition(".")[2]


def _imported(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """(local name, dotted path) of every import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


class _Statements:
    """A file's top-level statements: which names each binds and mentions."""

    def __init__(self, nodes: Mapping[ast.stmt, list[ast.AST]]) -> None:
        self._mentioned = {s: {n.id for n in inner if isinstance(n, ast.Name)} for s, inner in nodes.items()}
        self._binders: dict[str, set[ast.stmt]] = {}
        self._loose: set[ast.stmt] = set()
        for statement, inner in nodes.items():
            if _is_main_block(statement):
                continue
            names = set(_bound(inner[:1] if isinstance(statement, _DEFINITIONS) else inner))
            if not names or isinstance(statement, (ast.If, ast.Try, ast.With, ast.For, ast.While)):
                self._loose.add(statement)
            for name in names:
                self._binders.setdefault(name, set()).add(statement)

    def of(self, entry: str) -> set[ast.stmt]:
        """The statements an entry depends on by name, and those that bind nothing."""
        chosen, seen = set(self._loose), {entry}
        waiting = seen.union(*(self._mentioned[s] for s in chosen))
        while waiting:
            name = waiting.pop()
            seen.add(name)
            fresh = self._binders.get(name, set()) - chosen
            chosen |= fresh
            waiting |= set().union(*(self._mentioned[s] for s in fresh)) - seen
        return chosen


def _is_main_block(statement: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":` without an else; there, comparing with the library is fair."""
    return isinstance(statement, ast.If) and ast.unparse(statement.test) == MAIN and not statement.orelse


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, _DEFINITIONS):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[0]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


# --- layer 2: stand-ins -------------------------------------------------------------------------


def arm(forbid: Iterable[str], operators: Iterable[str]) -> None:
    """Put a stand-in wherever a forbidden name lives, and a refusal in place of every kernel of these operators."""
    _refuse_kernels(operators)
    for name in forbid:
        owner, attribute = _owner(name)
        if owner is not None and hasattr(owner, attribute):
            original = getattr(owner, attribute)
            setattr(owner, attribute, _stand_in(name, original))
            if sys.modules.get(name) is original:
                sys.modules[name] = getattr(owner, attribute)
            for thing in (original, *_own_functions(original)):
                _replace_aliases(name, thing)


#: Where functions and modules are that several modules hold: an import by another module is a name of its own.
_aliases: dict[int, list[tuple[types.ModuleType, str]]] = {}


def learn_aliases() -> None:
    """Note where functions and modules are; once, when all that runs find imported is there."""
    places: dict[int, list[tuple[types.ModuleType, str]]] = {}
    for module in {id(m): m for m in sys.modules.values() if type(m) is types.ModuleType}.values():
        for name, value in vars(module).items():
            if type(value) in (types.FunctionType, types.ModuleType):
                places.setdefault(id(value), []).append((module, name))
    _aliases.update((key, found) for key, found in places.items() if len(found) > 1)


def _own_functions(thing: Any) -> list[Any]:
    """The functions that a module defines; of anything else, none."""
    if type(thing) is not types.ModuleType:
        return []
    name, inside = thing.__name__, list(vars(thing).values())
    return [value for value in inside if type(value) is types.FunctionType and value.__module__ == name]


def _replace_aliases(name: str, thing: Any) -> None:
    for module, alias in _aliases.get(id(thing), ()):
        if vars(module).get(alias) is thing:
            setattr(module, alias, _stand_in(name, thing))


def _owner(name: str) -> tuple[Any, str]:
    """What holds the last component of a dotted name, or None where nothing does or it is refused already."""
    parts = name.split(".")
    for split in range(len(parts) - 1, 0, -1):
        try:
            owner: Any = importlib.import_module(".".join(parts[:split]))
        except ImportError:
            continue
        for attribute in parts[split:-1]:
            owner = None if isinstance(owner, _Refusal) else getattr(owner, attribute, None)
        return None if isinstance(owner, _Refusal) else owner, parts[-1]
    return None, parts[-1]


class _Refusal:
    """Stands where a forbidden function, class or module was: using it in any way is refused and noted."""

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        refuse(object.__getattribute__(self, "_name"))

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        refuse(object.__getattribute__(self, "_name"))

    def __mro_entries__(self, bases: tuple[Any, ...]) -> Any:
        refuse(object.__getattribute__(self, "_name"))


def _stand_in(name: str, original: Any) -> Any:
    if not isinstance(original, type(sys)) and not isinstance(original, type):
        return lambda *args, **kwargs: refuse(name)  # a plain function binds to its instance as the original did
    return _Refusal(name)


def refuse(name: str) -> None:
    """Note the use of a forbidden name with the candidate's line, and raise."""
    note(f"forbidden\t{_candidate_line()}\t{name}")
    raise ForbiddenCall(f"{name} is forbidden in this task")


def _candidate_line() -> int:
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == SOLUTION:
            return frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return 0


# --- layer 3: kernels ---------------------------------------------------------------------------

#: Where the dispatcher keeps kernels that compute values. What it does for gradients and autocasting leads here.
KEYS = (
    "CPU", "CUDA", "MkldnnCPU", "QuantizedCPU", "SparseCPU", "SparseCsrCPU", "NestedTensorCPU",
    "CompositeImplicitAutograd", "CompositeImplicitAutogradNestedTensor", "CompositeExplicitAutograd",
    "CompositeExplicitAutogradNonFunctional",
)  # fmt: skip
#: Fused and quantized forms of other operators, for deployment: hundreds, each a way around a name that is forbidden,
#: and none that an answer needs. They are withdrawn once, in the zygote: to do so in every run would take too long.
FUSED = frozenset((
    "mkl", "mkldnn", "mkldnn_prepacked", "onednn", "prepacked", "quantized", "_quantized", "sparse", "static_runtime",
    "xnnpack",
))  # fmt: skip


def _all_kernels() -> dict[str, list[tuple[str, str, str]]]:
    """For each operator, whatever its namespace and overload: (namespace, name, key) of its kernels."""
    kernels: dict[str, list[tuple[str, str, str]]] = {}
    for full in torch._C._dispatch_get_all_op_names():
        namespace, _, name = full.partition("::")
        keys = [key for key in KEYS if torch._C._dispatch_has_kernel_for_dispatch_key(full, key)]
        kernels.setdefault(name.partition(".")[0], []).extend((namespace, name, key) for key in keys)
    return kernels


_KERNELS = _all_kernels()


def _refuse_kernels(operators: Iterable[str]) -> None:
    """Have the dispatcher refuse these operators from now on, for good."""
    for operator in operators:
        _replace(_KERNELS.get(operator, ()), functools.partial(_refuse_operator, operator))


def _withdraw(namespaces: frozenset[str]) -> None:
    """Have no operator of these namespaces in any run."""
    for operator, kernels in _KERNELS.items():
        _replace([k for k in kernels if k[0] in namespaces], functools.partial(_absent_operator, operator))


def _replace(kernels: Iterable[tuple[str, str, str]], substitute: Callable[..., None]) -> None:
    libraries: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns that a kernel is overridden: it is meant to be
        for namespace, name, key in kernels:
            if namespace not in libraries:
                libraries[namespace] = torch._C._dispatch_library("IMPL", namespace, "", SOLUTION, 0)
            libraries[namespace].impl(name, key, substitute, False)
    for library in libraries.values():
        # A library that ends takes its kernels along. Counted once more than anything refers to it, it never ends.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))


def _refuse_operator(operator: str, *args: Any, **kwargs: Any) -> None:
    refuse(f"the operator {operator}")


def _absent_operator(operator: str, *args: Any, **kwargs: Any) -> None:
    raise RuntimeError(f"the operator {operator} is not there in this sandbox")


_withdraw(FUSED)
