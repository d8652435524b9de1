"""The values and frames that cross the sandbox's border; nothing is ever unpickled or evaluated.

Theory of operation. A *frame* is a fixed header, a small *head* (a dict that says what is asked or answered, as JSON)
and a *payload* (the arguments or the result). A payload is a *value*: a compact tagged tree, the tree's raw buffers
following it, each aligned to 64 bytes so that a tensor can be laid over the received bytes without a copy. The other
side is not trusted: sizes are checked against `limit` before anything is allocated, the buffer for a large frame is an
anonymous mapping whose pages come into being only as bytes arrive, a tensor's shape, strides and extent must agree, and
what all tensors of a value span together, expanded ones at their full size, stays under `limit` too.

Values: None, bool, int, float, complex, str, bytes, list, tuple, dict, numpy arrays and scalars, and dense tensors of
every dtype with their strides, storage offset and `requires_grad`. Elements of a storage that a tensor does not address
are sent as zeros. Numbers of one type in a list or tuple go together. Anything else becomes `Opaque`, which equals
nothing.
"""

from __future__ import annotations

import array
import contextlib
import functools
import json
import mmap
import socket
import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import WireError

if TYPE_CHECKING:
    import numpy
    import torch

MAGIC: Final = 0x31505746
HEADER: Final = struct.Struct("<IIQ")
MAX_HEAD: Final = 1 << 20
MAX_DEPTH: Final = 64
MAX_ITEMS: Final = 1 << 18
MAX_ARRAYS: Final = 1 << 16
MAX_SAME_HASH: Final = 64
MAX_INT_BITS: Final = 1 << 13  # Python writes no longer one out in decimal
MAX_DIMS: Final = 64
ALIGN: Final = 64
MAPPED_ABOVE: Final = 1 << 20
#: A tensor of fewer bytes is copied, which is quicker than making a view of it.
COPIED_BELOW: Final = 1 << 13
#: From so many numbers of one type on they are put together.
MIN_PACKED: Final = 3

_U32 = struct.Struct("<I")
_I64 = struct.Struct("<q")
_F64 = struct.Struct("<d")
_C128 = struct.Struct("<dd")
_PACKED = struct.Struct("<BI")  # tag of the container, numbers
_TENSOR = struct.Struct("<BBQQQ")  # dtype, dimensions, storage offset, buffer offset, buffer bytes
_INT64 = range(-(1 << 63), 1 << 63)

#: Position is the code on the wire: append only.
DTYPES: Final = [
    "float32",
    "float64",
    "float16",
    "bfloat16",
    "complex64",
    "complex128",
    "complex32",
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint16",
    "uint32",
    "uint64",
    "float8_e4m3fn",
    "float8_e5m2",
    "float8_e4m3fnuz",
    "float8_e5m2fnuz",
    "float8_e8m0fnu",
]

_NOT_IN_NUMPY: Final = ("bfloat16", "complex32", "float8")

#: What `numpy.dtype.str` says of the dtypes that cross; numpy's own parser is not for untrusted text.
NUMPY_DTYPES: Final = frozenset(
    {"|b1", "|i1", "|u1", "<f16"}
    | {end + kind + size for end in "<>" for kind in "iu" for size in "248"}
    | {end + kind for end in "<>" for kind in ("f2", "f4", "f8", "c8", "c16")}
)

Buffer = bytes | bytearray | memoryview


class Opaque:
    """A value that cannot cross the border; it equals nothing, not even itself."""

    __slots__ = ("type_name",)
    __hash__ = object.__hash__  # a dict may have had it as a key

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name

    def __eq__(self, other: object) -> bool:
        return False

    def __repr__(self) -> str:
        return f"<opaque {self.type_name}>"


class Encoder:
    """Turns one value into buffers ready for `sendmsg`.

    `tree` describes the value without `requires_grad`, which `grads` lists, so that two encodings of the same
    arguments can be compared byte by byte. `claimed` is what the decoder holds against its limit. Without `offsets`
    every tensor starts its storage, so that a thousand rows of one matrix do not make a thousand matrices.
    """

    def __init__(self, value: Any, *, offsets: bool = True) -> None:
        self.tree = bytearray()
        self.grads: list[int] = []
        self.buffers: list[Buffer] = []
        self.claimed = 0
        self._offsets = offsets
        self._offset = 0
        self._tensors = 0
        self._put(value, 0)

    def parts(self) -> list[Buffer]:
        """The encoding, as buffers whose concatenation `decode` reads."""
        grads = struct.pack(f"<{len(self.grads)}I", *self.grads)
        head = _U32.pack(len(self.tree)) + _U32.pack(len(self.grads)) + self.tree + grads
        return [head, bytes(-len(head) % ALIGN), *self.buffers]

    def _put(self, value: Any, depth: int) -> None:
        put = _PUT.get(type(value))
        if put:
            put(self, value, depth)
        else:
            self._put_other(value, depth)

    def _put_none(self, value: None, depth: int) -> None:
        self.tree += b"N"

    def _put_bool(self, value: bool, depth: int) -> None:
        self.tree += b"T" if value else b"F"

    def _put_float(self, value: float, depth: int) -> None:
        self.tree += b"D" + _F64.pack(value)

    def _put_complex(self, value: complex, depth: int) -> None:
        self.tree += b"C" + _C128.pack(value.real, value.imag)

    def _put_str(self, value: str, depth: int) -> None:
        self._put_bytes(b"S", str.encode(value, "utf-8", "surrogatepass"))

    def _put_raw(self, value: bytes, depth: int) -> None:
        self._put_bytes(b"B", value)

    def _put_other(self, value: Any, depth: int) -> None:
        """What is of a type derived from a plain one goes as that; arrays, which are known only now; all else."""
        import numpy
        import torch

        kind = type(value)
        put = next((_PUT[plain] for plain in _PLAIN if isinstance(value, plain)), None)
        if kind in (torch.Tensor, torch.nn.Parameter):
            _PUT.update(dict.fromkeys((torch.Tensor, torch.nn.Parameter), Encoder._put_tensor))
            self._put_tensor(value, depth)
        elif put and not isinstance(value, (numpy.floating, numpy.complexfloating)):
            put(self, value, depth)
        elif kind is numpy.ndarray or isinstance(value, numpy.generic):
            self._put_numpy(value)
        else:
            self._put_opaque(kind.__name__)

    def _put_int(self, value: int, depth: int) -> None:
        value = int(value)
        if value in _INT64:
            self.tree += b"I" + _I64.pack(value)
        elif value.bit_length() < MAX_INT_BITS:
            self._put_bytes(b"J", value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True))
        else:
            self._put_opaque("int")

    def _put_bytes(self, tag: bytes, raw: bytes) -> None:
        self.tree += tag + _U32.pack(len(raw)) + raw

    def _put_container(self, value: Any, depth: int) -> None:
        if depth >= MAX_DEPTH:
            self._put_opaque(f"{type(value).__name__} nested deeper than {MAX_DEPTH}")
            return
        tag = b"M" if isinstance(value, dict) else b"L" if isinstance(value, list) else b"U"
        if len(value) >= MIN_PACKED and tag != b"M" and (packed := _packed(value)):
            self.tree += packed[0] + tag + _U32.pack(len(value)) + packed[1]
            return
        self.tree += tag + _U32.pack(len(value))
        items = [x for pair in dict.items(value) for x in pair] if tag == b"M" else value
        for item in items:
            self._put(item, depth + 1)

    def _put_opaque(self, name: str) -> None:
        self._put_bytes(b"O", name.encode("utf-8", "replace")[:200])

    def _put_tensor(self, tensor: torch.Tensor, depth: int) -> None:
        import torch

        code = _codes().get(tensor.dtype)
        if tensor.layout is not torch.strided or tensor.is_meta or code is None:
            self._put_opaque(f"{str(tensor.dtype).removeprefix('torch.')} tensor, {tensor.layout}")
            return
        if tensor.requires_grad:
            self.grads.append(self._tensors)
        self._tensors += 1
        plain = _plain(tensor)
        raw = _span(plain)
        shape, stride, item = plain.shape, plain.stride(), plain.itemsize
        size, dims = len(raw), len(shape)
        offset = int(plain.storage_offset()) if self._offsets else 0
        self.claimed += _claim(shape, offset + size // item) * item
        self.tree += b"X" + _TENSOR.pack(code, dims, offset, self._add(raw, size), size)
        self.tree += _numbers(2 * dims).pack(*shape, *stride)

    def _put_numpy(self, values: Any) -> None:
        import numpy

        plain = numpy.ascontiguousarray(values)
        if plain.dtype.str not in NUMPY_DTYPES:
            self._put_opaque(f"numpy {plain.dtype}")
            return
        shape = numpy.shape(values)
        self.claimed += _claim(shape, plain.size) * plain.itemsize
        raw = plain.reshape(-1).view(numpy.uint8).data
        self.tree += b"G" if isinstance(values, numpy.generic) else b"A"
        self._put_bytes(b"", plain.dtype.str.encode())
        self.tree += struct.pack(f"<BQQ{len(shape)}q", len(shape), self._add(raw, raw.nbytes), raw.nbytes, *shape)

    def _add(self, raw: Buffer, size: int) -> int:
        at, padding = self._offset, -size % ALIGN
        self.buffers += [raw, bytes(padding)]
        self._offset += size + padding
        return at


_PLAIN: Final = (int, float, str, list, tuple, dict, bytes, complex)
#: How a value of exactly this type is put; those of torch are added when the first is met, for not all have torch.
_PUT: Final[dict[type, Callable[[Encoder, Any, int], None]]] = {
    type(None): Encoder._put_none,
    bool: Encoder._put_bool,
    int: Encoder._put_int,
    float: Encoder._put_float,
    str: Encoder._put_str,
    list: Encoder._put_container,
    tuple: Encoder._put_container,
    dict: Encoder._put_container,
    bytes: Encoder._put_raw,
    complex: Encoder._put_complex,
}


def _packed(items: list[Any] | tuple[Any, ...]) -> tuple[bytes, bytes] | None:
    """Tag and bytes of numbers of one type; None if they are not, or too large."""
    kinds = set(map(type, items))
    if kinds == {float}:
        return b"d", array.array("d", items).tobytes()
    with contextlib.suppress(OverflowError):
        return (b"q", array.array("q", items).tobytes()) if kinds == {int} else None
    return None


@functools.cache
def _codes() -> dict[torch.dtype, int]:
    """What stands for each dtype on the wire."""
    import torch

    return {getattr(torch, name): code for code, name in enumerate(DTYPES)}


@functools.cache
def _in_numpy() -> frozenset[torch.dtype]:
    """The dtypes that numpy has too."""
    return frozenset(dtype for dtype, code in _codes().items() if not DTYPES[code].startswith(_NOT_IN_NUMPY))


@functools.lru_cache(2 * MAX_DIMS + 1)
def _numbers(count: int) -> struct.Struct:
    return struct.Struct(f"<{count}q")


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor's values in this machine's memory, without a graph and without a conjugation put off."""
    plain = tensor.detach()
    if plain.is_conj() or plain.is_neg():
        plain = plain.resolve_conj().resolve_neg()
    return plain if plain.is_cpu else plain.cpu()


def _claim(shape: tuple[int, ...], spanned: int) -> int:
    """How many elements an array counts for: what it spans or what it shows, whichever is more."""
    shown = 1
    for n in shape:
        shown *= max(n, 1)
    return max(shown, spanned)


def _extent(shape: tuple[int, ...], stride: tuple[int, ...]) -> int:
    """How many elements of storage a tensor spans."""
    extent = 1
    for n, s in zip(shape, stride, strict=True):
        if not n:
            return 0
        extent += (n - 1) * s
    return extent


def _is_dense(shape: tuple[int, ...], stride: tuple[int, ...]) -> bool:
    """Whether a tensor addresses each element it spans exactly once."""
    step = 1
    for s, n in sorted((s, n) for n, s in zip(shape, stride, strict=True) if n > 1):
        if s != step:
            return False
        step *= n
    return True


def _span(tensor: torch.Tensor) -> bytes | memoryview:
    """The bytes of the storage a tensor spans, zeros where it addresses nothing."""
    import torch

    if tensor.is_contiguous():
        if tensor.nbytes <= COPIED_BELOW and tensor.dtype in _in_numpy():
            return tensor.numpy().tobytes()
        # not view(-1): of one element or none, any stride is contiguous, and would stay what it is
        flat = tensor.as_strided((tensor.numel(),), (1,), tensor.storage_offset())
        whole: memoryview = flat.view(torch.uint8).numpy().data
        return whole
    shape, stride = tuple(tensor.shape), tensor.stride()
    extent = _extent(shape, stride)
    flat = tensor.as_strided((extent,), (1,), tensor.storage_offset()).view(torch.uint8)
    if extent and not _is_dense(shape, stride):
        flat = flat.clone()
        flat.view(extent, -1)[~_addressed(shape, stride, extent)] = 0
    raw: memoryview = flat.numpy().data
    return raw


def _addressed(shape: tuple[int, ...], stride: tuple[int, ...], extent: int) -> torch.Tensor:
    """Which of the spanned elements a tensor addresses, as a mask of shape (extent,)."""
    import torch

    mask = torch.zeros(extent, dtype=torch.bool)
    stepping = [(n, s) for n, s in zip(shape, stride, strict=True) if s]  # torch writes to no tensor of stride 0
    mask.as_strided([n for n, _ in stepping], [s for _, s in stepping]).fill_(True)
    return mask


class Decoder:
    """Reads one value from bytes that nobody vouches for.

    Raises:
        WireError: whatever is wrong with the bytes.
    """

    def __init__(self, data: memoryview, *, copy: bool = False, limit: int = 1 << 62) -> None:
        self._data, self._copy, self._room, self._arrays = data, copy, limit, MAX_ARRAYS
        self._at = 8
        if len(data) < 8:
            raise WireError("a value shorter than its own header")
        self._tree_end = 8 + _U32.unpack_from(data, 0)[0]
        n_grads = _U32.unpack_from(data, 4)[0]
        self._base = self._tree_end + 4 * n_grads
        if self._base > len(data) or n_grads > MAX_ARRAYS:
            raise WireError("a value's tree is longer than the value")
        self.grads = struct.unpack_from(f"<{n_grads}I", data, self._tree_end)
        self._base += -self._base % ALIGN
        self._items = 0
        self._tensors: list[torch.Tensor] = []

    def value(self) -> Any:
        """The decoded value, checked to use all of the tree."""
        try:
            value = self._get(0)
            for index in self.grads:
                self._tensors[index].requires_grad_()
        except (struct.error, LookupError, ValueError, TypeError, AttributeError, RuntimeError, OverflowError) as error:
            raise WireError(f"malformed value: {error}") from error
        if self._at != self._tree_end:
            raise WireError("bytes left over after a value")
        return value

    def _take(self, form: struct.Struct) -> tuple[Any, ...]:
        out = form.unpack_from(self._data, self._at)
        self._at += form.size
        return out

    def _raw(self, most: int = 1 << 32) -> bytes:
        (size,) = self._take(_U32)
        if self._at + size > self._tree_end or size > most:
            raise WireError("a string runs past the end or is too long")
        raw = bytes(self._data[self._at : self._at + size])
        self._at += size
        return raw

    def _get(self, depth: int) -> Any:
        self._items += 1
        if depth > MAX_DEPTH or self._items > MAX_ITEMS or self._at >= self._tree_end:
            raise WireError("a value nested too deep or too long")
        tag = self._data[self._at]
        self._at += 1
        get = _GET.get(tag)
        if get is None:
            raise WireError(f"unknown tag {tag}")
        return get(self, tag, depth)

    def _get_constant(self, tag: int, depth: int) -> bool | None:
        return _CONSTANTS[tag]

    def _get_int(self, tag: int, depth: int) -> Any:
        return self._take(_I64)[0]

    def _get_float(self, tag: int, depth: int) -> Any:
        return self._take(_F64)[0]

    def _get_complex(self, tag: int, depth: int) -> complex:
        return complex(*self._take(_C128))

    def _get_long(self, tag: int, depth: int) -> int:
        return int.from_bytes(self._raw(MAX_INT_BITS // 8), "little", signed=True)

    def _get_str(self, tag: int, depth: int) -> str:
        return self._raw().decode("utf-8", "surrogatepass")

    def _get_raw(self, tag: int, depth: int) -> bytes:
        return self._raw()

    def _get_opaque(self, tag: int, depth: int) -> Opaque:
        return Opaque(self._raw().decode("utf-8", "replace"))

    def _get_packed(self, tag: int, depth: int) -> Any:
        """Numbers of one type."""
        kind, count = self._take(_PACKED)
        end = self._at + 8 * count
        self._items += count
        if self._items > MAX_ITEMS or end > self._tree_end or kind not in b"LU":
            raise WireError("numbers that run past the end, or too many")
        numbers = array.array(chr(tag), bytes(self._data[self._at : end]))
        self._at = end
        return numbers.tolist() if kind == 0x4C else tuple(numbers)

    def _get_container(self, tag: int, depth: int) -> Any:
        (count,) = self._take(_U32)
        if count * (2 if tag == 0x4D else 1) > self._tree_end - self._at:
            raise WireError("a container longer than the value that holds it")
        if tag == 0x4D:  # M
            return self._get_dict(count, depth)
        items = [self._get(depth + 1) for _ in range(count)]
        return items if tag == 0x4C else tuple(items)

    def _get_dict(self, count: int, depth: int) -> dict[Any, Any]:
        """A dict whose keys do not all collide: numbers and tuples of them can be made to, for quadratic time."""
        out: dict[Any, Any] = {}
        hashes: dict[int, int] = {}
        for _ in range(count):
            key = self._get(depth + 1)
            hashed = hash(key)
            hashes[hashed] = hashes.get(hashed, 0) + 1
            if hashes[hashed] > MAX_SAME_HASH:
                raise WireError("a dict whose keys collide")
            out[key] = self._get(depth + 1)
        return out

    def _slice(self, offset: int, size: int) -> memoryview:
        start = self._base + offset
        if offset % ALIGN or start + size > len(self._data):
            raise WireError("a buffer is not aligned or runs past the end")
        return self._data[start : start + size]

    def _count(self, elements: int, item: int) -> None:
        """Charge one array against what the whole value may hold."""
        self._arrays -= 1
        self._room -= elements * item
        if self._arrays < 0 or self._room < 0:
            raise WireError("more arrays, or larger ones, than the limit")

    def _get_tensor(self, tag: int, depth: int) -> torch.Tensor:
        code, dims, storage_offset, offset, size = self._take(_TENSOR)
        if code >= len(DTYPES) or dims > MAX_DIMS:
            raise WireError("a tensor of unknown dtype or too many dimensions")
        numbers = self._take(_numbers(2 * dims))
        dtype, shape, stride = _dtypes()[code], numbers[:dims], numbers[dims:]
        if (numbers and min(numbers) < 0) or _extent(shape, stride) * dtype.itemsize != size:
            raise WireError("a tensor's shape, strides and bytes disagree")
        self._count(_claim(shape, storage_offset + size // dtype.itemsize), dtype.itemsize)
        tensor = self._storage(dtype, storage_offset, self._slice(offset, size)).as_strided(
            shape, stride, storage_offset
        )
        self._tensors.append(tensor)
        return tensor

    def _storage(self, dtype: torch.dtype, offset: int, raw: memoryview) -> torch.Tensor:
        """A flat tensor of `offset` zeros and what is in `raw`, laid over it where nothing speaks against it."""
        import torch

        if not raw:
            return torch.zeros(offset, dtype=dtype)
        if dtype == torch.bool:  # other bytes than 0 and 1 are no truth values, and undefined behaviour
            flat = torch.frombuffer(raw, dtype=torch.uint8) != 0
        else:
            flat = torch.frombuffer(raw, dtype=dtype)
            flat = flat.clone() if self._copy and not offset else flat
        return torch.cat([flat.new_zeros(offset), flat]) if offset else flat

    def _get_numpy(self, tag: int, depth: int) -> Any:
        import numpy

        scalar = tag == 0x47  # G
        name = self._raw(8).decode("ascii")
        dims, offset, size = self._take(struct.Struct("<BQQ"))
        shape = self._take(struct.Struct(f"<{dims}q"))
        if name not in NUMPY_DTYPES or dims > MAX_DIMS or any(n < 0 for n in shape) or (scalar and dims):
            raise WireError("an array of unknown dtype or shape")
        dtype: numpy.dtype[Any] = numpy.dtype(name)
        self._count(_claim(shape, size // dtype.itemsize), dtype.itemsize)
        flat = numpy.frombuffer(self._slice(offset, size), dtype=numpy.uint8)
        array = (flat != 0 if dtype.kind == "b" else flat.copy().view(dtype)).reshape(shape)
        return array[()] if scalar else array


@functools.cache
def _dtypes() -> list[torch.dtype]:
    """The dtypes by what stands for them on the wire."""
    return list(_codes())


_CONSTANTS: Final = {ord("N"): None, ord("T"): True, ord("F"): False}
#: What reads the value that follows a tag.
_GET: Final[dict[int, Callable[[Decoder, int, int], Any]]] = {
    **dict.fromkeys(_CONSTANTS, Decoder._get_constant),
    **dict.fromkeys(b"LUM", Decoder._get_container),
    **dict.fromkeys(b"dq", Decoder._get_packed),
    **dict.fromkeys(b"AG", Decoder._get_numpy),
    ord("I"): Decoder._get_int,
    ord("J"): Decoder._get_long,
    ord("D"): Decoder._get_float,
    ord("C"): Decoder._get_complex,
    ord("S"): Decoder._get_str,
    ord("B"): Decoder._get_raw,
    ord("O"): Decoder._get_opaque,
    ord("X"): Decoder._get_tensor,
}


def encode(value: Any) -> bytes:
    """One value as bytes."""
    return b"".join(Encoder(value).parts())


def decode(data: Buffer, *, copy: bool = False, limit: int = 1 << 62) -> Any:
    """The value in `data`; tensors lie over `data` unless `copy`.

    Raises:
        WireError: the bytes are not a value, or the tensors in it have more than `limit` bytes.
    """
    return Decoder(memoryview(data), copy=copy, limit=limit).value()


def encode_head(head: dict[str, Any]) -> bytes:
    """A frame's head: JSON, filled up to `ALIGN`."""
    text = json.dumps(head).encode()
    return text + b" " * (-len(text) % ALIGN)


def decode_head(data: Buffer) -> dict[str, Any]:
    """The frame's head in `data`.

    Raises:
        WireError: the bytes are not a head.
    """
    try:
        head = json.loads(str(data, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise WireError(f"a frame's head is not JSON: {error}") from error
    if not isinstance(head, dict):
        raise WireError("a frame's head is not an object")
    return head


def send_frame(
    sock: socket.socket, head: dict[str, Any], payload: list[Buffer] | None = None, deadline: float | None = None
) -> None:
    """Write one frame; `payload` is what `Encoder.parts` gave.

    Raises:
        TimeoutError: the other side did not take all of it before `deadline`, in `time.monotonic` seconds.
    """
    opening, following = encode_head(head), [memoryview(part).cast("B") for part in payload or () if len(part)]
    size = sum(map(len, following))
    opening = HEADER.pack(MAGIC, len(opening), size) + opening
    parts = [memoryview(b"".join((opening, *following)))] if size <= COPIED_BELOW else [memoryview(opening), *following]
    while parts:
        _set_timeout(sock, deadline)
        sent = sock.sendmsg(parts[:512])
        while parts and sent >= len(parts[0]):
            sent -= len(parts.pop(0))
        if sent:
            parts[0] = parts[0][sent:]


def receive_frame(sock: socket.socket, limit: int, deadline: float | None = None) -> tuple[dict[str, Any], memoryview]:
    """Read one frame: its decoded head and its payload's bytes.

    Raises:
        EOFError: the other side closed before the first byte.
        WireError: not a frame, larger than `limit` bytes, or cut off in the middle.
        TimeoutError: the frame was not whole by `deadline`, in `time.monotonic` seconds, however it trickled in;
            without a deadline, the socket's own timeout passed.
    """
    header = bytearray(HEADER.size)
    _fill(sock, memoryview(header), deadline, first=True)
    magic, head_size, size = HEADER.unpack(header)
    if magic != MAGIC or head_size > MAX_HEAD or head_size % ALIGN or size > limit:
        raise WireError("not a frame, or a frame over the limit")
    total = head_size + size
    view = memoryview(bytearray(total) if total <= MAPPED_ABOVE else _mapped(total))
    _fill(sock, view, deadline)
    return decode_head(view[:head_size]), view[head_size:]


def _mapped(size: int) -> mmap.mmap:
    """Memory whose pages come into being as they are written, huge ones where the kernel has any."""
    space = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError):
        space.madvise(mmap.MADV_HUGEPAGE)
    return space


def _set_timeout(sock: socket.socket, deadline: float | None) -> None:
    if deadline is not None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("past the deadline")
        sock.settimeout(left)


def _fill(sock: socket.socket, view: memoryview, deadline: float | None, first: bool = False) -> None:
    at = 0
    while at < len(view):
        _set_timeout(sock, deadline)
        got = sock.recv_into(view[at:])
        if not got:
            raise EOFError("closed") if first and not at else WireError("cut off in the middle of a frame")
        at += got
