"""What a hidden test imports: comparisons that name what is wrong, expected errors, and probes.

A test gets four fixtures. `candidate` stands for the candidate's module: `candidate.f(x)` runs in the sandbox and
returns plain values. `rng` is a `torch.Generator` seeded for this submission and this test. `device` is where the
candidate runs: tests make and judge tensors on the CPU, the lane moves them. `budget` measures the candidate against
the reference (see `grader.budget`).

Tolerances follow the dtype and the length of the reduction: an answer `got` of dtype `d` is accepted where

    |got - want| <= max(rtol(d) * |want|, 8 * eps(d) * scale) * sqrt(reduction)

with `scale = max|want|`, so that a zero answer never hides below an absolute tolerance.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import math
import reprlib
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar, overload

import torch
from torch import Tensor

from grader.source import entry_returns
from grader.verdict import CandidateFailure, CandidateRaised, Verdict

__all__ = ["Probe", "assert_close", "assert_equal", "assert_gradient", "probe", "raises"]

#: Relative tolerance by the dtype of the answer.
RTOL: Final = {
    torch.float64: 1e-9,
    torch.float32: 1e-5,
    torch.float16: 1e-3,
    torch.bfloat16: 2e-2,
    torch.complex128: 1e-9,
    torch.complex64: 1e-5,
}
#: The dtype an answer is expected in when the oracle was computed in double precision.
SINGLE: Final = {torch.float64: torch.float32, torch.complex128: torch.complex64}
NUMBER_RTOL: Final = 1e-6


@dataclass(frozen=True)
class Tolerance:
    """How far an answer may be from the oracle; None means the default of its dtype."""

    dtype: torch.dtype | None = None
    rtol: float | None = None
    atol: float | None = None
    reduction: float = 1.0
    verdict: Verdict = Verdict.WRONG_VALUE

    def bound(self, got: Tensor, want: Tensor) -> Tensor:
        """The largest accepted |got - want|, elementwise, in float64."""
        size = want.abs().double()
        scale = _scale(size)
        rtol = RTOL[got.dtype] if self.rtol is None else self.rtol
        atol = 8 * torch.finfo(got.dtype).eps * scale if self.atol is None else self.atol
        return torch.clamp(size * rtol, min=atol) * math.sqrt(max(1.0, self.reduction))


def assert_close(
    got: object,
    want: object,
    *,
    dtype: torch.dtype | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    reduction: float = 1.0,
) -> None:
    """Accept `got` if it has the shape and dtype of `want` and its values within tolerance.

    Args:
        got: what the candidate returned: a tensor, a number, or lists, tuples and dicts of them.
        want: the oracle, best computed in float64. NaN and infinities must stand in the same places.
        dtype: the dtype `got` must have. Without it: that of `want`, and float32 where `want` is float64.
        rtol, atol: tolerances in place of the defaults; say why in a comment.
        reduction: how many terms one element sums, which widens the tolerance by its square root.

    Raises:
        CandidateFailure: wrong_shape, wrong_dtype, not_finite or wrong_value.
    """
    _compare(got, want, Tolerance(dtype, rtol, atol, reduction), "answer")


def assert_gradient(
    got: object,
    want: object,
    *,
    dtype: torch.dtype | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    reduction: float = 1.0,
) -> None:
    """`assert_close` for gradients: ten times the tolerance, and the verdict is `bad_gradient`."""
    tolerance = Tolerance(dtype, rtol, atol, reduction * 100.0, Verdict.BAD_GRADIENT)
    _compare(got, want, tolerance, "gradient")


def assert_equal(got: object, want: object) -> None:
    """Accept `got` only if it equals `want` in type, shape, dtype and every value; NaN equals NaN."""
    dtype = want.dtype if isinstance(want, Tensor) else None
    _compare(got, want, Tolerance(dtype, 0.0, 0.0), "answer")


@contextlib.contextmanager
def raises(*types: type[BaseException]) -> Iterator[None]:
    """Expect the candidate's code to raise one of `types` inside the block.

    Raises:
        CandidateFailure: wrong_value if nothing was raised, exception if it was of another type.
    """
    try:
        yield
    except CandidateRaised as error:
        if {t.__name__ for t in types}.isdisjoint(error.types):
            raise
        return
    names = " or ".join(t.__name__ for t in types)
    raise CandidateFailure(Verdict.WRONG_VALUE, f"expected {names}, nothing was raised")


def _compare(got: object, want: object, tolerance: Tolerance, where: str) -> None:
    if isinstance(want, Tensor):
        _compare_tensors(got, want, tolerance, where)
    elif isinstance(want, dict):
        _compare_dicts(got, want, tolerance, where)
    elif isinstance(want, (list, tuple)):
        _compare_sequences(got, want, tolerance, where)
    else:
        _compare_numbers(got, want, tolerance, where)


def _compare_dicts(got: object, want: dict[Any, Any], tolerance: Tolerance, where: str) -> None:
    if not isinstance(got, dict) or got.keys() != want.keys():
        raise CandidateFailure(Verdict.WRONG_VALUE, f"{where}: expected a dict with keys {sorted(map(str, want))}")
    for key, value in want.items():
        _compare(got[key], value, tolerance, f"{where}[{key!r}]")


def _compare_sequences(got: object, want: Sequence[Any], tolerance: Tolerance, where: str) -> None:
    if not isinstance(got, (list, tuple)) or len(got) != len(want):
        raise CandidateFailure(Verdict.WRONG_VALUE, f"{where}: expected {len(want)} items, got {_describe(got)}")
    for index, value in enumerate(want):
        _compare(got[index], value, tolerance, f"{where}[{index}]")


def _compare_numbers(got: object, want: object, tolerance: Tolerance, where: str) -> None:
    if isinstance(want, float) and isinstance(got, (int, float)) and not isinstance(got, bool):
        rtol = NUMBER_RTOL if tolerance.rtol is None else tolerance.rtol
        number = _as_float(got)
        close = math.isclose(number, want, rel_tol=rtol, abs_tol=tolerance.atol or 0.0)
        if close or (math.isnan(number) and math.isnan(want)):
            return
        kind = tolerance.verdict if math.isfinite(number) or not math.isfinite(want) else Verdict.NOT_FINITE
        raise CandidateFailure(kind, f"{where}: expected {want!r}, got {number!r}")
    if type(got) is not type(want):
        raise CandidateFailure(Verdict.WRONG_DTYPE, f"{where}: expected {want!r}, got {_describe(got)}")
    if got != want:
        raise CandidateFailure(tolerance.verdict, f"{where}: expected {want!r}, got {_describe(got)}")


def _as_float(number: float) -> float:
    """A number as a float; a whole one too large for that is infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _compare_tensors(got: object, want: Tensor, tolerance: Tolerance, where: str) -> None:
    if not isinstance(got, Tensor):
        raise CandidateFailure(Verdict.WRONG_DTYPE, f"{where}: expected a tensor, got {_describe(got)}")
    if got.shape != want.shape:
        raise CandidateFailure(Verdict.WRONG_SHAPE, f"{where}: expected {tuple(want.shape)}, got {tuple(got.shape)}")
    dtype = tolerance.dtype or SINGLE.get(want.dtype, want.dtype)
    if got.dtype != dtype:
        raise CandidateFailure(Verdict.WRONG_DTYPE, f"{where}: expected {dtype}, got {got.dtype}")
    _compare_values(got.detach(), want.detach(), tolerance, where)


def _compare_values(got: Tensor, want: Tensor, tolerance: Tolerance, where: str) -> None:
    if not (got.is_floating_point() or got.is_complex()):
        _require((got == want).cpu(), tolerance.verdict, f"{where}: values differ", got, want)
        return
    bound = tolerance.bound(got, want)
    wide = torch.complex128 if got.is_complex() else torch.float64
    a, b = got.to(wide), want.to(wide)
    finite = b.isfinite()
    near = (a - b).abs() <= bound
    if near.all() and finite.all():
        return  # nearly always, so what follows is spared
    _require(a.isfinite() | ~finite, Verdict.NOT_FINITE, f"{where}: not finite where it must be", got, want)
    same = (a == b) | (a.isnan() & b.isnan())
    _require(same | finite, tolerance.verdict, f"{where}: NaN or infinity misplaced", got, want)
    _require(same | near, tolerance.verdict, f"{where}: values differ", got, want)


def _scale(size: Tensor) -> float:
    """The largest finite element, 0 if there is none."""
    largest = size.max().item() if size.numel() else 0.0
    if math.isfinite(largest):
        return largest
    finite = size[size.isfinite()]
    return finite.max().item() if finite.numel() else 0.0


def _require(ok: Tensor, verdict: Verdict, what: str, got: Tensor, want: Tensor) -> None:
    if bool(ok.all()):
        return
    first = tuple(int(i) for i in (~ok).nonzero()[0])
    wrong = int((~ok).sum())
    raise CandidateFailure(
        verdict,
        f"{what} in {wrong} of {ok.numel()}; first at {first}: expected {want[first].item()}, got {got[first].item()}",
    )


class _Brief(reprlib.Repr):
    """Writes out a few items of a value and no tensor: the candidate may have answered with a hundred thousand."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxlist, self.maxtuple, self.maxdict, self.maxother = 2, 4, 4, 4, 60

    def repr_Tensor(self, tensor: Tensor, level: int) -> str:  # noqa: N802  # the name is made of the type's
        return f"tensor of shape {tuple(tensor.shape)}, {tensor.dtype}"

    def repr_ndarray(self, array: Any, level: int) -> str:
        return f"array of shape {array.shape}, {array.dtype}"


#: A value in a few words, whatever its size.
brief: Final = _Brief().repr


def _describe(value: object) -> str:
    return f"{type(value).__name__} {brief(value)}"


class ProbeHost(Protocol):
    """What can run a probe: the candidate's stand-in, or the reference's."""

    def run_probe(self, probe: Probe, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run `probe` beside the module and return its plain value."""


@dataclass(frozen=True)
class Probe:
    """A function of a hidden test that runs in the sandbox, beside the candidate's module."""

    name: str
    source: str
    module: str
    mutates: bool
    returns: str | None

    @property
    def shipped_as(self) -> str:
        """The name of the module in the sandbox that holds it."""
        return f"probes.{self.name}"

    def __call__(self, candidate: ProbeHost, *args: Any, **kwargs: Any) -> Any:
        """Ship the probe into the sandbox and call it there with the candidate's real module."""
        return candidate.run_probe(self, args, kwargs)


F = TypeVar("F", bound=Callable[..., Any])

#: Probes by the test module that defines them, and by name: they can call each other.
PROBES: dict[str, dict[str, Probe]] = {}


@overload
def probe(function: F, /) -> F: ...
@overload
def probe(*, mutates: bool) -> Callable[[F], F]: ...
def probe(function: F | None = None, /, *, mutates: bool = False) -> F | Callable[[F], F]:
    """Mark a function of a hidden test to be executed in the sandbox; its first parameter is the candidate's module.

    A probe sees `torch`, `nn`, `F`, `math`, `np` and the other probes of its file, nothing else. It returns plain
    values for the test to judge: never a judgement of its own, because it runs where candidate code runs.

    Args:
        mutates: the probe may change its arguments in place; otherwise that is `mutated_input`.
    """
    if function is None:
        return lambda f: _register(f, mutates)
    return _register(function, mutates)


def _register(function: F, mutates: bool) -> F:
    source = textwrap.dedent(inspect.getsource(function))
    source = source[source.index("def ") :]
    returns = entry_returns(source)[function.__name__]
    made = Probe(function.__name__, source, function.__module__, mutates, returns)
    PROBES.setdefault(made.module, {})[made.name] = made
    return made  # type: ignore[return-value]  # a Probe stands where the function stood


@functools.cache
def probe_source(probe: Probe) -> str:
    """The source of a probe and of those it calls, as shipped into the sandbox, which compiles it in every run."""
    head = (
        "import math\nimport numpy as np\nimport torch\nfrom torch import Tensor, nn\nimport torch.nn.functional as F\n"
    )
    needed = [probe]
    for each in needed:  # it grows meanwhile
        needed += [other for other in _named(each) if other not in needed]
    return head + "\n\n".join(each.source for each in needed)


def _named(probe: Probe) -> list[Probe]:
    """The probes of the same file that the source of one names."""
    names = {node.id for node in ast.walk(ast.parse(probe.source)) if isinstance(node, ast.Name)}
    return [other for name, other in PROBES[probe.module].items() if name in names]
