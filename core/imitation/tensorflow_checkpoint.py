"""TensorFlow's checkpoints ("tensor bundle", version 2) read without TensorFlow.

NAME.index is a sorted string table as in LevelDB: blocks of entries with shared key prefixes, an index block over them
and a footer of 48 bytes. Its values are protocol buffers: under the empty key the header, under each tensor's name its
type, shape, place in NAME.data-00000-of-00001 and checksum. The data file holds the raw little-endian numbers.
Formats: LevelDB's table_format.md; TensorFlow's tensor_bundle.proto.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import BadInputError
from core.imitation.crc32c import masked_crc32c

Array = np.ndarray

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_TYPES: dict[int, np.dtype] = {1: np.dtype("<f4"), 2: np.dtype("<f8"), 3: np.dtype("<i4"), 9: np.dtype("<i8")}
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


class _DamagedError(Exception):
    """What is wrong with the bytes."""


@dataclass(frozen=True)
class _Entry:
    kind: np.dtype
    shape: tuple[int, ...]
    offset: int
    size: int
    checksum: int


def read_checkpoint(stem: Path) -> dict[str, Array]:
    """All tensors by name, of the checkpoint whose files are `stem`.index and `stem`.data-00000-of-00001.

    Raises `BadInputError` where a file is missing, cut short, damaged (every block and tensor has a checksum), or of a
    kind that this reader does not know (compressed blocks, more than one data file, other types of numbers).
    """
    stem = Path(stem)
    index, data = stem.with_name(stem.name + ".index"), stem.with_name(stem.name + ".data-00000-of-00001")
    for path in (index, data):
        if not path.is_file():
            raise BadInputError(f"A checkpoint has an .index and a .data file, but there is no {path.name}.")
    try:
        entries = _entries(index.read_bytes())
        content = data.read_bytes()
        return {name: _tensor(name, entry, content) for name, entry in entries.items()}
    except (_DamagedError, struct.error, IndexError, UnicodeDecodeError) as error:
        raise BadInputError(
            f"{stem.name} should be a TensorFlow checkpoint, but is damaged or of another kind: {error}. "
            "Copy it again from where it came."
        ) from error


def _tensor(name: str, entry: _Entry, content: bytes) -> Array:
    raw = content[entry.offset : entry.offset + entry.size]
    if len(raw) != entry.size or entry.size != entry.kind.itemsize * math.prod(entry.shape):
        raise _DamagedError(f"the data file holds {len(raw)} bytes for {name} {entry.shape}")
    if masked_crc32c(raw) != entry.checksum:
        raise _DamagedError(f"the checksum of {name} is wrong")
    return np.frombuffer(raw, entry.kind).reshape(entry.shape)


def _entries(table: bytes) -> dict[str, _Entry]:
    if len(table) < _FOOTER or struct.unpack("<Q", table[-8:])[0] != _MAGIC:
        raise _DamagedError("its index does not end as such a table does")
    footer = table[-_FOOTER:]
    about, at = _handle(footer, 0)
    list(_block(table, about))  # says nothing that is needed, but should be whole
    blocks, _ = _handle(footer, at)
    found = {}
    for _, where in _block(table, blocks):
        for key, value in _block(table, _handle(where, 0)[0]):
            found[key.decode()] = value
    header = _fields(found.pop("", b""))
    if header.get(1, [0]) != [1] or header.get(2, [0]) != [0]:
        raise _DamagedError("it has several data files or big-endian numbers")
    return {name: _entry(name, value) for name, value in found.items()}


def _entry(name: str, value: bytes) -> _Entry:
    numbers = _fields(value)
    kind = _number(numbers, 1)
    if kind not in _TYPES:
        raise _DamagedError(f"{name} holds numbers of an unknown type ({kind})")
    dimensions = [_fields(each) for shape in numbers.get(2, []) for each in _fields(_bytes(shape)).get(2, [])]
    shape = tuple(_number(each, 1) for each in dimensions)
    return _Entry(_TYPES[kind], shape, _number(numbers, 4), _number(numbers, 5), _number(numbers, 6))


def _block(table: bytes, handle: tuple[int, int]) -> Iterator[tuple[bytes, bytes]]:
    """The entries of a block; after it come a byte for its compression and a checksum."""
    offset, size = handle
    content, trailer = table[offset : offset + size], table[offset + size : offset + size + 5]
    if len(content) != size or len(trailer) != 5:
        raise _DamagedError("its index is cut short")
    if masked_crc32c(content + trailer[:1]) != struct.unpack("<I", trailer[1:])[0]:
        raise _DamagedError("the checksum of its index is wrong")
    if trailer[0]:
        raise _DamagedError("its index is compressed")
    (restarts,) = struct.unpack("<I", content[-4:])
    end, at, key = len(content) - 4 - 4 * restarts, 0, b""
    while at < end:
        shared, at = _varint(content, at)
        own, at = _varint(content, at)
        length, at = _varint(content, at)
        key = key[:shared] + content[at : at + own]
        at += own
        yield key, content[at : at + length]
        at += length


def _handle(content: bytes, at: int) -> tuple[tuple[int, int], int]:
    offset, at = _varint(content, at)
    size, at = _varint(content, at)
    return (offset, size), at


def _fields(message: bytes | int) -> dict[int, list[bytes | int]]:
    """A protocol buffer's fields by number, whatever they mean."""
    content, at = _bytes(message), 0
    found: dict[int, list[bytes | int]] = {}
    while at < len(content):
        tag, at = _varint(content, at)
        kind, value = tag & 7, b""
        if kind == _VARINT:
            number, at = _varint(content, at)
            found.setdefault(tag >> 3, []).append(number)
            continue
        if kind == _FIXED32:
            found.setdefault(tag >> 3, []).append(struct.unpack_from("<I", content, at)[0])
            at += 4
            continue
        if kind == _FIXED64:
            at += 8
            continue
        if kind != _LENGTH:
            raise _DamagedError(f"a field of the unknown kind {kind}")
        length, at = _varint(content, at)
        value = content[at : at + length]
        if len(value) != length:
            raise _DamagedError("a field is cut short")
        found.setdefault(tag >> 3, []).append(value)
        at += length
    return found


def _number(fields: dict[int, list[bytes | int]], field: int) -> int:
    value = fields.get(field, [0])[-1]
    if not isinstance(value, int):
        raise _DamagedError(f"field {field} should be a number")
    return value


def _bytes(value: bytes | int) -> bytes:
    if not isinstance(value, bytes):
        raise _DamagedError("a message should be bytes")
    return value


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise _DamagedError("a number is too long")
