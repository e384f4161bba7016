"""TensorFlow checkpoints made by hand, for tests: an index as a string table, the numbers beside it."""

import struct
from pathlib import Path

import numpy as np

from core.imitation.crc32c import masked_crc32c

_TYPES = {np.dtype(np.float32): 1, np.dtype(np.int32): 3}


def write_checkpoint(stem: Path, tensors: dict[str, np.ndarray], entries_a_block: int = 5) -> None:
    """Write `tensors` as `stem`.index and `stem`.data-00000-of-00001, in blocks of a few entries, keys shortened."""
    data, entries = b"", [(b"", _field(1, 1) + _field(3, _field(1, 1)))]
    for name, array in sorted(tensors.items()):
        raw = np.ascontiguousarray(array).tobytes()
        shape = b"".join(_field(2, _field(1, n)) for n in array.shape)
        place = _field(1, _TYPES[array.dtype]) + _field(2, shape) + _field(4, len(data)) + _field(5, len(raw))
        entries.append((name.encode(), place + bytes([6 << 3 | 5]) + struct.pack("<I", masked_crc32c(raw))))
        data += raw
    table, blocks = b"", []
    for start in range(0, len(entries), entries_a_block):
        some = entries[start : start + entries_a_block]
        table, handle = _appended(table, some)
        blocks.append((some[-1][0], handle))
    table, nothing = _appended(table, [])
    table, index = _appended(table, blocks)
    footer = (nothing + index).ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    stem.with_name(stem.name + ".index").write_bytes(table + footer)
    stem.with_name(stem.name + ".data-00000-of-00001").write_bytes(data)


def _appended(table: bytes, entries: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    """The table with one more block, and the block's handle."""
    content, before = b"", b""
    for key, value in entries:
        shared = next(i for i in range(len(key), -1, -1) if before.startswith(key[:i]))
        content += _varint(shared) + _varint(len(key) - shared) + _varint(len(value)) + key[shared:] + value
        before = key
    content += struct.pack("<II", 0, 1)
    handle = _varint(len(table)) + _varint(len(content))
    return table + content + b"\0" + struct.pack("<I", masked_crc32c(content + b"\0")), handle


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    more = b""
    while value > 127:
        more += bytes([value & 127 | 128])
        value >>= 7
    return more + bytes([value])
