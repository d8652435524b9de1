"""The wire: every value crosses exactly, and no bytes whatever hurt the side that reads them."""

from __future__ import annotations

import math
import random
import socket
import struct
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from sandbox import wire
from sandbox.errors import WireError
from sandbox.wire import ALIGN, DTYPES, Encoder, Opaque, decode, decode_head, encode

Sockets = tuple[socket.socket, socket.socket]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep torch from remarking that complex32 is experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    """Two connected sockets, as a lane and its trusted side have."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def cross(value: Any, **options: Any) -> Any:
    """What arrives when `value` is sent."""
    return decode(bytearray(encode(value)), **options)


def raw_bytes(tensor: torch.Tensor) -> bytes:
    """The elements of a tensor as bytes, so that NaNs compare by their payload."""
    return (
        tensor.detach().clone(memory_format=torch.contiguous_format).view(-1).view(torch.uint8).numpy().tobytes()
        if tensor.numel()
        else b""
    )


def same_tensor(a: Any, b: torch.Tensor) -> bool:
    """Whether two tensors agree in everything that crosses the border."""
    return (
        type(a) is torch.Tensor
        and (a.dtype, a.shape, a.stride(), a.requires_grad) == (b.dtype, b.shape, b.stride(), b.requires_grad)
        and a.storage_offset() == b.storage_offset()
        and raw_bytes(a) == raw_bytes(b)
    )


def of_bits(dtype: torch.dtype, *shape: int) -> torch.Tensor:
    """A tensor of arbitrary bit patterns, NaN payloads and all."""
    rng = torch.Generator().manual_seed(7)
    if dtype == torch.bool:
        return torch.rand(shape, generator=rng) > 0.5
    raw = torch.randint(0, 256, (math.prod(shape) * dtype.itemsize,), generator=rng, dtype=torch.uint8)
    return raw.view(dtype).view(shape)


# --- values cross exactly -----------------------------------------------------------------------


PLAIN: list[Any] = [
    None, True, False, 0, 1, -1, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 3**2000, -(3**2000), 0.0, -0.0, 1e308,
    5e-324, float("inf"), float("-inf"), 1 + 2j, complex("-inf-0j"), "", "a", "тензор", "\x00", "\U0001f600",
    "\ud800 half", b"", b"\x00\xff", [], (), {}, [[]], ([],), [None, (1, [2.5, {"k": (b"v", "w")}])],
    {1: "a", "b": 2, None: 3, (4, "c"): 5}, {1.5: 1, b"x": 2, (1, (2, 3)): [4], True: 6},
    [1, 2, -(2**63)], (2**63 - 1, 0, 1), [1, 2, 2**63], [0.0, -0.0, 5e-324, float("inf")], (1.5, 2.5, 3.5),
    [1, 2.0, 3], [True, False, True], [True, 1, 2], [[1, 2, 3], [1.0, 2.0, 3.0]], {(1, 2, 3): (1.0, 2.0, 3.0)},
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=lambda value: ascii(value)[:30])
def test_plain_values(value: Any) -> None:
    """Numbers, strings, bytes and containers arrive equal, of the same type and with the same sign of zero."""
    got = cross(value)
    assert type(got) is type(value)
    assert repr(got) == repr(value)


@pytest.mark.parametrize("bits", [0x7FF8000000000000, 0x7FF0000000000001, 0xFFF8DEADBEEF0001])
def test_nan_payloads(bits: int) -> None:
    """A float NaN keeps its sign and its payload."""
    got = cross(struct.unpack("<d", bits.to_bytes(8, "little"))[0])
    assert int.from_bytes(struct.pack("<d", got), "little") == bits


def test_numbers_go_together() -> None:
    """A list of floats, or of whole numbers, takes eight bytes for each."""
    assert len(encode([0.5] * 1000)) < 8100
    assert len(encode(tuple(range(1000)))) < 8100


def test_dict_order() -> None:
    """A dict arrives in the order it was in."""
    assert list(cross({"b": 1, "a": 2, "c": 3})) == ["b", "a", "c"]


def test_subclasses_arrive_as_what_they_extend() -> None:
    """Subclasses of plain types, such as torch.Size or a counter, arrive as the plain type."""
    import collections

    point = collections.namedtuple("point", "x y")
    got = cross([torch.Size([2, 3]), collections.OrderedDict(a=1), collections.Counter("aa"), point(1, 2)])
    assert got == [(2, 3), {"a": 1}, {"a": 2}, (1, 2)]
    assert [type(item) for item in got] == [tuple, dict, dict, tuple]


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 4), (2, 0, 3), (1, 1, 1), (2, 3, 4, 5)])
def test_every_dtype(name: str, shape: tuple[int, ...]) -> None:
    """A tensor of any dtype and shape arrives bit for bit."""
    tensor = of_bits(getattr(torch, name), *shape)
    assert same_tensor(cross(tensor), tensor)
    assert same_tensor(cross(tensor, copy=True), tensor)


def layouts() -> dict[str, torch.Tensor]:
    """Tensors that are laid out in unusual ways, by name."""
    base = torch.arange(60, dtype=torch.float32).reshape(3, 4, 5)
    return {
        "transposed": base.transpose(0, 2),
        "channels_last": torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
        "every_second": base[:, ::2],
        "column": base[:, :, 2],
        "last_row": base[2],
        "offset_only": base.flatten()[7:],
        "offset_and_gaps": base[1:, 1::2, ::3],
        "expanded": torch.arange(3.0)[:, None].expand(3, 5),
        "expanded_scalar": torch.tensor(2.5).expand(2, 3, 4),
        "of_an_empty_array": torch.from_numpy(np.zeros(0)),
        "expanded_to_one": torch.ones(()).expand(1),
        "expanded_empty": torch.empty(0, 1).expand(0, 7),
        "overlapping": torch.arange(9.0).as_strided((4, 3), (2, 1)),
        "windows": torch.arange(10.0).unfold(0, 4, 1),
        "diagonal": torch.arange(16.0).reshape(4, 4).diagonal(),
        "odd_stride_of_one": torch.arange(4.0).as_strided((1, 4), (99, 1)),
        "empty_with_offset": base.flatten()[60:],
    }


@pytest.mark.parametrize("name", layouts())
def test_layouts(name: str) -> None:
    """A tensor keeps its strides and its storage offset."""
    tensor = layouts()[name]
    assert same_tensor(cross(tensor), tensor)
    assert same_tensor(cross(tensor, copy=True), tensor)


@pytest.mark.parametrize("name", layouts())
def test_layouts_without_offsets(name: str) -> None:
    """An answer's tensors keep their strides and values and start their storage."""
    tensor = layouts()[name]
    got = decode(bytearray(b"".join(Encoder(tensor, offsets=False).parts())))
    assert (got.stride(), got.storage_offset()) == (tensor.stride(), 0)
    assert torch.equal(got, tensor)


def test_conjugate_and_negative_views() -> None:
    """Lazy conjugate and negative views arrive as the values they stand for."""
    tensor = torch.tensor([1 + 2j, 3 - 4j])
    for view in (tensor.conj(), tensor.conj().imag, torch._neg_view(tensor.real)):
        got = cross(view)
        assert not got.is_conj()
        assert not got.is_neg()
        assert torch.equal(got, view.resolve_conj().resolve_neg())


def test_requires_grad() -> None:
    """A tensor says whether it requires a gradient and arrives as a leaf; a parameter arrives as a tensor."""
    inner = torch.ones(2, requires_grad=True)
    got = cross([torch.ones(2), inner, (inner * 2,), torch.nn.Parameter(torch.ones(1))])
    assert [got[0].requires_grad, got[1].requires_grad, got[2][0].requires_grad] == [False, True, True]
    assert got[2][0].is_leaf
    assert same_tensor(got[3], torch.ones(1, requires_grad=True))


@pytest.mark.parametrize("kind", [*"?bBhHiIqQefdgFD", ">i4", ">f8"])
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 0), (2, 3)])
def test_numpy_arrays(kind: str, shape: tuple[int, ...]) -> None:
    """A numpy array keeps its dtype, byte order included, its shape and its elements."""
    array = np.asarray(np.random.default_rng(3).random(shape) * 100).astype(kind)
    got = cross(array)
    assert type(got) is np.ndarray
    assert (got.dtype, got.shape, got.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert got.flags.writeable


def test_numpy_views() -> None:
    """Transposed, stepped, reversed and broadcast arrays arrive with equal elements."""
    base = np.arange(24.0).reshape(4, 6)
    for array in (base.T, base[::2, ::-1], np.broadcast_to(base[0], (3, 6)), np.asfortranarray(base)):
        assert np.array_equal(cross(array), array)


@pytest.mark.parametrize(
    "scalar",
    [
        np.float64(1.5),
        np.float32("nan"),
        np.int8(-3),
        np.uint64(2**64 - 1),
        np.bool_(True),
        np.complex128(1j),
        np.float16(2),
    ],
    ids=lambda scalar: type(scalar).__name__,
)
def test_numpy_scalars(scalar: np.generic) -> None:
    """A numpy scalar arrives as the same kind of scalar, also where Python's float or complex is its base."""
    got = cross(scalar)
    assert type(got) is type(scalar)
    assert got.tobytes() == scalar.tobytes()


def test_large_tensors() -> None:
    """64 MiB cross."""
    tensor = torch.arange(16 << 20, dtype=torch.int32)
    assert torch.equal(cross(tensor), tensor)


UNSENDABLE = {
    "object": object(),
    "set": {1},
    "function": print,
    "bytearray": bytearray(b"x"),
    "slice": slice(1),
    "sparse tensor": torch.eye(2).to_sparse(),
    "meta tensor": torch.empty(2, device="meta"),
    "numpy strings": np.array(["a"]),
    "numpy objects": np.array([object()]),
    "numpy records": np.zeros(2, dtype="i4,f4"),
    "numpy dates": np.array(["2020-01-01"], dtype="M8[D]"),
    "masked array": np.ma.array([1, 2]),
    "huge int": 1 << 100_000,
}


@pytest.mark.parametrize("name", UNSENDABLE)
def test_anything_else_is_opaque(name: str) -> None:
    """What cannot cross arrives as a value that equals nothing, not even itself."""
    got = cross([1, UNSENDABLE[name], 2])
    assert got[0] == 1
    assert got[2] == 2
    assert type(got[1]) is Opaque
    assert got[1] != got[1]
    assert got[1] != UNSENDABLE[name]


def test_opaque_keys() -> None:
    """A dict with keys that cannot cross arrives as a dict that equals no other."""
    got = cross({object(): 1, frozenset(): 2})
    assert len(got) == 2
    assert got != cross({object(): 1, frozenset(): 2})


def test_subclassed_tensor_is_opaque() -> None:
    """A tensor subclass, whose methods could not come along, is opaque."""

    class Mine(torch.Tensor):
        """A tensor subclass."""

    assert type(cross(torch.ones(2).as_subclass(Mine))) is Opaque


@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: (x,), lambda x: {0: x}], ids=["list", "tuple", "dict"])
def test_deep_nesting_is_opaque(wrap: Callable[[Any], Any]) -> None:
    """Containers nested too deep, or in themselves, arrive opaque at that depth and do no harm."""
    value: Any = 1
    for _ in range(5000):
        value = wrap(value)
    got, depth = cross(value), 0
    while type(got) is not Opaque:
        got, depth = got[0], depth + 1
    assert depth == wire.MAX_DEPTH


def test_value_in_itself() -> None:
    """A list that contains itself is cut off."""
    loop: list[Any] = [1]
    loop.append(loop)
    assert cross(loop)[0] == 1


# --- what a value leaves out --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["every_second", "column", "offset_only", "offset_and_gaps", "windows", "diagonal"])
def test_unaddressed_elements_never_leave(name: str) -> None:
    """The elements of a storage that a tensor does not address are not in the bytes; zeros stand in the gaps."""
    secret = 1234.5678
    view = layouts()[name]
    mark = torch.full((view.untyped_storage().nbytes() // 4,), secret)
    secretive = mark.as_strided(view.shape, view.stride(), view.storage_offset()).zero_()
    assert np.float32(secret).tobytes() not in encode(secretive)
    whole = cross(secretive)
    assert not whole.as_strided((whole.untyped_storage().nbytes() // 4,), (1,), 0).any()


def test_the_bytes_are_compact() -> None:
    """One row of a large matrix takes the bytes of a row."""
    matrix = torch.zeros(1000, 1000)
    assert len(encode(matrix[500])) < 5000


def test_thousand_rows_without_offsets_do_not_claim_thousand_matrices() -> None:
    """An answer that lists the rows of a matrix counts for one matrix."""
    matrix = torch.zeros(1000, 1000)
    assert Encoder(list(matrix), offsets=False).claimed == 4_000_000


# --- bytes nobody vouches for -------------------------------------------------------------------


def specimen() -> Any:
    """A value with every tag in it."""
    return [
        None, True, False, 5, 3**50, 1.5, 2j, "text", b"raw", (1, [2]), {"k": (3,), 4: None}, object(),
        [1, 2, 3], (1.5, 2.5, 3.5),
        torch.arange(6.0).reshape(2, 3).T, torch.ones(3, dtype=torch.bool), torch.ones(2, requires_grad=True),
        torch.arange(5.0)[2:], torch.zeros(0, 3), np.arange(4), np.float32(1), np.ones((2, 0)), torch.ones(1).expand(7),
    ]  # fmt: skip


LIMIT = 1 << 20


def attempt(raw: bytes | bytearray) -> None:
    """Decode bytes that may be anything; all that may come of it is a value or a WireError."""
    try:
        value = decode(bytearray(raw), limit=LIMIT)
    except WireError:
        return
    assert total_bytes(value) <= LIMIT


def total_bytes(value: Any) -> int:
    """What all the arrays in a value take at their full size."""
    if isinstance(value, torch.Tensor):
        return value.numel() * value.itemsize
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, dict):
        return sum(total_bytes(item) for item in value.values())
    return sum(total_bytes(item) for item in value) if isinstance(value, (list, tuple)) else 0


def test_truncations() -> None:
    """A value cut off at any length is refused."""
    raw = encode(specimen())
    complete = len(encode(specimen()).rstrip(b"\0"))
    for length in range(complete):
        with pytest.raises(WireError):
            decode(bytearray(raw[:length]))


def test_flipped_bytes() -> None:
    """Ten thousand damaged values are refused or decode to something within the limit."""
    raw = encode(specimen())
    end = 8 + struct.unpack_from("<I", raw)[0] + 16
    rng = random.Random(11)
    for _ in range(10_000):
        damaged = bytearray(raw)
        for _ in range(rng.choice((1, 1, 2, 5, 20))):
            damaged[rng.randrange(end)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        attempt(damaged)


def test_random_trees() -> None:
    """Five thousand trees of random tags are refused or decode to something within the limit."""
    rng = random.Random(12)
    tags = b"NTFIDSBJCOLUMXAGdq"
    for _ in range(5000):
        tree = bytearray()
        for _ in range(rng.randrange(1, 30)):
            tree.append(rng.choice(tags))
            tree += rng.choice((b"", b"\1\0\0\0", b"\3\0\0\0<f4", rng.randbytes(rng.randrange(40)), bytes(8)))
        attempt(struct.pack("<II", len(tree), 0) + bytes(tree) + bytes(256))


def tree_of(tree: bytes, grads: tuple[int, ...] = (), buffers: bytes = b"") -> bytearray:
    """A value with a hand-made tree."""
    head = struct.pack("<II", len(tree), len(grads)) + tree + struct.pack(f"<{len(grads)}I", *grads)
    return bytearray(head + bytes(-len(head) % ALIGN) + buffers)


def tensor_tree(
    shape: tuple[int, ...], stride: tuple[int, ...], *, dtype: int = 0, start: int = 0, at: int = 0, size: int = 0
) -> bytes:
    """The tree of one tensor that may lie about itself."""
    head = struct.pack("<BBQQQ", dtype, len(shape), start, at, size)
    return b"X" + head + struct.pack(f"<{2 * len(shape)}q", *shape, *stride)


def array_tree(dtype: bytes, shape: tuple[int, ...], size: int, tag: bytes = b"A", at: int = 0) -> bytes:
    """The tree of one numpy array that may lie about itself."""
    dims = struct.pack(f"<BQQ{len(shape)}q", len(shape), at, size, *shape)
    return tag + struct.pack("<I", len(dtype)) + dtype + dims


HUGE = 1 << 60
LIES = {
    "empty": b"",
    "short": b"\1\0\0\0",
    "tree past the end": struct.pack("<II", 100, 0) + b"N",
    "tree of 4 GiB": struct.pack("<II", 0xFFFFFFFF, 0) + b"N",
    "gradients past the end": struct.pack("<II", 1, 0xFFFFFFFF) + b"N",
    "bytes left over": tree_of(b"NN"),
    "no value": tree_of(b""),
    "unknown tag": tree_of(b"Z"),
    "string past the end": tree_of(b"S\xff\xff\xff\xff"),
    "string into the buffers": tree_of(b"S\x08\0\0\0abc", buffers=bytes(64)),
    "not UTF-8": tree_of(b"S\1\0\0\0\xff"),
    "list longer than its value": tree_of(b"L\xff\xff\xff\xff"),
    "dict longer than its value": tree_of(b"M\4\0\0\0NNNN"),
    "list as key": tree_of(b"M\1\0\0\0L\0\0\0\0N"),
    "key of a gigantic int": tree_of(b"J" + struct.pack("<I", 4000) + b"\xff" * 4000),
    "float cut off": tree_of(b"D\0\0"),
    "numbers past the end": tree_of(b"dL\2\0\0\0" + bytes(8)),
    "numbers without end": tree_of(b"qU\xff\xff\xff\xff" + bytes(8)),
    "numbers into the buffers": tree_of(b"qL\3\0\0\0" + bytes(8), buffers=bytes(64)),
    "numbers in a dict": tree_of(b"dM\1\0\0\0" + bytes(8)),
    "unknown dtype": tree_of(tensor_tree((1,), (1,), dtype=200, size=4), buffers=bytes(64)),
    "200 dimensions": tree_of(tensor_tree((1,) * 200, (1,) * 200, size=4), buffers=bytes(64)),
    "65 dimensions": tree_of(tensor_tree((1,) * 65, (1,) * 65, size=4), buffers=bytes(64)),
    "shape larger than the bytes": tree_of(tensor_tree((100,), (1,), size=4), buffers=bytes(64)),
    "shape smaller than the bytes": tree_of(tensor_tree((1,), (1,), size=64), buffers=bytes(64)),
    "huge shape": tree_of(tensor_tree((HUGE,), (1,), size=4), buffers=bytes(64)),
    "overflowing shape": tree_of(tensor_tree((1 << 32, 1 << 32), (1 << 32, 1), size=0), buffers=bytes(64)),
    "expanded without end": tree_of(tensor_tree((1 << 40,), (0,), size=4), buffers=bytes(64)),
    "empty times without end": tree_of(tensor_tree((0, 1 << 40), (1, 1), size=0), buffers=bytes(64)),
    "negative shape": tree_of(tensor_tree((-1,), (1,), size=4), buffers=bytes(64)),
    "negative stride": tree_of(tensor_tree((2,), (-1,), size=4), buffers=bytes(64)),
    "storage offset without end": tree_of(tensor_tree((1,), (1,), start=1 << 50, size=4), buffers=bytes(64)),
    "storage offset over the limit": tree_of(tensor_tree((1,), (1,), start=LIMIT, size=4), buffers=bytes(64)),
    "buffer past the end": tree_of(tensor_tree((1,), (1,), at=64, size=4), buffers=bytes(64)),
    "buffer far past the end": tree_of(tensor_tree((1,), (1,), at=(1 << 64) - 64, size=4), buffers=bytes(64)),
    "misaligned buffer": tree_of(tensor_tree((1,), (1,), at=1, size=4), buffers=bytes(64)),
    "gradient of no tensor": tree_of(b"N", (0,)),
    "gradient of an integer": tree_of(tensor_tree((1,), (1,), dtype=12, size=8), (0,), bytes(64)),
    "numpy objects": tree_of(array_tree(b"|O", (1,), 8), buffers=bytes(64)),
    "numpy records": tree_of(array_tree(b"i4,i4", (1,), 8), buffers=bytes(64)),
    "numpy code in the dtype": tree_of(array_tree(b"i4,(", (1,), 8), buffers=bytes(64)),
    "numpy alias": tree_of(array_tree(b"float", (1,), 8), buffers=bytes(64)),
    "numpy dtype not ASCII": tree_of(array_tree(b"\xff", (1,), 8), buffers=bytes(64)),
    "numpy shape larger than the bytes": tree_of(array_tree(b"<f4", (100,), 8), buffers=bytes(64)),
    "numpy half an element": tree_of(array_tree(b"<f4", (1,), 6), buffers=bytes(64)),
    "numpy negative shape": tree_of(array_tree(b"<f4", (-1,), 8), buffers=bytes(64)),
    "numpy empty times without end": tree_of(array_tree(b"<f4", (0, 1 << 40), 0), buffers=bytes(64)),
    "numpy 200 dimensions": tree_of(array_tree(b"<f4", (1,) * 200, 4), buffers=bytes(64)),
    "numpy scalar with a shape": tree_of(array_tree(b"<f4", (2,), 8, tag=b"G"), buffers=bytes(64)),
    "numpy misaligned": tree_of(array_tree(b"<f4", (1,), 4, at=4), buffers=bytes(64)),
}


@pytest.mark.parametrize("name", LIES)
def test_lies(name: str) -> None:
    """A value that lies about its own structure is refused."""
    with pytest.raises(WireError):
        decode(bytearray(LIES[name]), limit=LIMIT)


def test_depth_bomb() -> None:
    """Containers nested without end are refused before the stack is."""
    for opening in (b"L\1\0\0\0", b"U\1\0\0\0", b"M\1\0\0\0N"):
        with pytest.raises(WireError):
            decode(tree_of(opening * 100_000 + b"N"))


def test_too_many_items() -> None:
    """More items than the limit are refused, however small."""
    count = wire.MAX_ITEMS + 1
    with pytest.raises(WireError):
        decode(tree_of(b"L" + struct.pack("<I", count) + b"N" * count))
    with pytest.raises(WireError):
        decode(tree_of(b"dL" + struct.pack("<I", count) + bytes(8 * count)))


def test_too_many_arrays() -> None:
    """A value of very many tensors over the same few bytes is refused."""
    count = wire.MAX_ARRAYS + 1
    tree = b"L" + struct.pack("<I", count) + tensor_tree((1,), (1,), dtype=8, size=1) * count
    with pytest.raises(WireError):
        decode(tree_of(tree, buffers=bytes(64)))


def test_arrays_share_one_limit() -> None:
    """Tensors over the same bytes count one by one, and so do the storages their offsets claim."""
    whole = tensor_tree((1 << 18,), (0,), size=4)
    shifted = tensor_tree((1,), (1,), start=(1 << 18) - 1, size=4)
    for one in (whole, shifted):
        two = b"L" + struct.pack("<I", 2) + one * 2
        assert decode(tree_of(one, buffers=bytes(64)), limit=LIMIT).itemsize == 4
        with pytest.raises(WireError):
            decode(tree_of(two, buffers=bytes(64)), limit=LIMIT)


def test_keys_that_collide() -> None:
    """A dict of keys made to have one hash is refused before it takes quadratic time."""
    prime = (1 << 61) - 1
    with pytest.raises(WireError):
        decode(bytearray(encode({i * prime: None for i in range(1, 1000)})))
    honest = {(i, -i): i for i in range(5000)}
    assert cross(honest) == honest


def test_booleans_are_normal() -> None:
    """A boolean is 0 or 1 in memory, whatever byte was sent for it."""
    flags = decode(tree_of(tensor_tree((3,), (1,), dtype=7, size=3), buffers=b"\0\2\xff" + bytes(61)))
    assert flags.view(torch.uint8).tolist() == [0, 1, 1]
    flags = decode(tree_of(array_tree(b"|b1", (3,), 3), buffers=b"\0\2\xff" + bytes(61)))
    assert flags.view("u1").tolist() == [0, 1, 1]


def test_tensors_are_aligned(sockets: Sockets) -> None:
    """What arrives in a frame lies in memory as its dtype needs it."""
    ours, theirs = sockets
    value = [torch.ones(3, dtype=torch.int8), torch.ones(5, dtype=torch.complex128), torch.ones(3, dtype=torch.float64)]
    wire.send_frame(theirs, {"head": "of any length"}, Encoder(value).parts())
    _, payload = wire.receive_frame(ours, LIMIT)
    assert [tensor.data_ptr() % 16 for tensor in decode(payload)] == [0, 0, 0]


PEAK = """
import resource, sys
import numpy, torch
from sandbox.errors import WireError
from sandbox.wire import decode
data = [bytearray(bytes.fromhex(line)) for line in sys.stdin.read().split()]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30))
for raw in data:
    try:
        decode(raw, limit=64 << 20)
    except WireError:
        continue
    raise SystemExit("accepted")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_lies_allocate_nothing() -> None:
    """Refusing every lie, even under a generous limit, takes a process less than 8 MiB in all."""
    lies = [raw for name, raw in LIES.items() if raw and name != "storage offset over the limit"]
    lines = "\n".join(bytes(raw).hex() for raw in lies)
    done = subprocess.run([sys.executable, "-c", PEAK], input=lines, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 8 * 1024


# --- frames -------------------------------------------------------------------------------------


def test_frames_cross(sockets: Sockets) -> None:
    """Frames arrive whole and in order, with their payloads, large ones too."""
    ours, theirs = sockets
    large = torch.arange(2 << 20)

    def send() -> None:
        for n in range(3):
            wire.send_frame(theirs, {"n": n}, Encoder((n, large)).parts())

    sender = threading.Thread(target=send)
    sender.start()
    for n in range(3):
        head, payload = wire.receive_frame(ours, 64 << 20)
        assert head == {"n": n}
        assert torch.equal(decode(payload)[1], large)
    sender.join()


def test_frame_without_payload(sockets: Sockets) -> None:
    """A frame may have no payload."""
    ours, theirs = sockets
    wire.send_frame(theirs, {"op": "null"})
    head, payload = wire.receive_frame(ours, 0)
    assert (head, len(payload)) == ({"op": "null"}, 0)


def test_closed_before_a_frame(sockets: Sockets) -> None:
    """A closed socket is the end, not an error."""
    ours, theirs = sockets
    theirs.close()
    with pytest.raises(EOFError):
        wire.receive_frame(ours, 0)


def test_frames_cut_off(sockets: Sockets) -> None:
    """A frame cut off anywhere is refused."""
    whole = bytearray()
    ours, theirs = sockets
    wire.send_frame(theirs, {"op": "x"}, Encoder([1, "two"]).parts())
    whole = bytearray(ours.recv(1 << 16))
    for length in range(1, len(whole)):
        a, b = socket.socketpair()
        with a, b:
            b.sendall(whole[:length])
            b.shutdown(socket.SHUT_WR)
            with pytest.raises(WireError):
                wire.receive_frame(a, LIMIT)


HEADERS = {
    "no magic": struct.pack("<IIQ", 1, 64, 0),
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
    "a head over its limit": struct.pack("<IIQ", wire.MAGIC, wire.MAX_HEAD + 64, 0),
    "a head of 4 GiB": struct.pack("<IIQ", wire.MAGIC, 0xFFFFFFC0, 0),
    "a payload over its limit": struct.pack("<IIQ", wire.MAGIC, 64, LIMIT + 1),
    "a payload of 16 EiB": struct.pack("<IIQ", wire.MAGIC, 64, (1 << 64) - 1),
    "a head that misaligns the payload": struct.pack("<IIQ", wire.MAGIC, 63, 0) + bytes(63),
    "a head that is no value": struct.pack("<IIQ", wire.MAGIC, 64, 0) + b"\xff" * 64,
    "a head that is no dict": struct.pack("<IIQ", wire.MAGIC, 64, 0) + wire.encode_head({}).replace(b"{}", b"[]"),
    "no head": struct.pack("<IIQ", wire.MAGIC, 0, 0),
}


@pytest.mark.parametrize("name", HEADERS)
def test_lying_headers(name: str, sockets: Sockets) -> None:
    """A header that is none, or claims too much, is refused at once, without waiting for what it claims."""
    ours, theirs = sockets
    ours.settimeout(10)
    theirs.sendall(HEADERS[name])
    with pytest.raises(WireError):
        wire.receive_frame(ours, LIMIT)


def test_heads() -> None:
    """A head comes back as it was, filled up so that what follows is aligned."""
    head = {"op": "call", "texts": ["\ud800", 'ü\n"'], "number": -1 << 70, "ratio": 0.1, "none": None, "flag": True}
    encoded = wire.encode_head(head)
    assert decode_head(encoded) == head
    assert len(encoded) % ALIGN == 0


def test_claimed_payload_takes_no_memory(sockets: Sockets) -> None:
    """A frame that announces a gigabyte and sends ten bytes costs the reader no gigabyte."""
    ours, theirs = sockets
    head = wire.encode_head({})
    theirs.sendall(struct.pack("<IIQ", wire.MAGIC, len(head), 1 << 30) + head + bytes(10))
    theirs.close()
    before = resident_kb()
    with pytest.raises(WireError):
        wire.receive_frame(ours, 2 << 30)
    assert resident_kb() - before < 16 * 1024


def resident_kb() -> int:
    """The resident memory of this process at its highest."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_drip_ends_at_the_deadline(sockets: Sockets) -> None:
    """Bytes that trickle in do not put the deadline off."""
    ours, theirs = sockets
    stop = threading.Event()

    def drip() -> None:
        for byte in struct.pack("<IIQ", wire.MAGIC, 64, LIMIT) + bytes(LIMIT):
            if stop.wait(0.01):
                return
            theirs.send(bytes([byte]))

    sender = threading.Thread(target=drip)
    sender.start()
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        wire.receive_frame(ours, LIMIT, start + 0.3)
    took = time.monotonic() - start
    stop.set()
    sender.join()
    assert 0.3 <= took < 5


def test_sip_ends_at_the_deadline(sockets: Sockets) -> None:
    """A reader that takes a little at a time does not put the deadline of sending off."""
    ours, theirs = sockets
    stop = threading.Event()

    def sip() -> None:
        while not stop.wait(0.01):
            theirs.recv(4096)

    reader = threading.Thread(target=sip)
    reader.start()
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        wire.send_frame(ours, {}, [bytes(64 << 20)], start + 0.3)
    took = time.monotonic() - start
    stop.set()
    ours.close()
    reader.join()
    assert 0.3 <= took < 5


def test_two_encodings_are_the_same_bytes() -> None:
    """Encoding is deterministic and leaves `requires_grad` out of the tree, so that changed arguments can be found."""
    tensor = torch.arange(4.0)
    before = Encoder([tensor, "x"])
    tensor.requires_grad_()
    after = Encoder([tensor, "x"])
    assert before.tree == after.tree
    assert (before.grads, after.grads) == ([], [0])
