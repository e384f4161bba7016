"""CRC-32C (Castagnoli), the checksum of TensorFlow's files, in numpy.

The bytes are dealt out to lanes that are run through the table side by side; a CRC is linear over XOR, so the lanes'
results are joined by the operator that appends zeros.
"""

import numpy as np

Array = np.ndarray

_POLYNOMIAL = 0x82F63B78  # 0x1EDC6F41 with its bits in the order in which they are fed
_MOST_LANES = 4096


def _table() -> Array:
    values = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        values = np.where(values & 1, (values >> 1) ^ np.uint32(_POLYNOMIAL), values >> 1)
    return values


_TABLE = _table()


def crc32c(content: bytes) -> int:
    """The CRC-32C of `content`."""
    if len(content) < 4:
        return _slow(content)
    lanes = min(_MOST_LANES, 1 << max(0, len(content).bit_length() - 6))
    length = -(-len(content) // lanes)
    padded = np.zeros(lanes * length, np.uint8)  # zeros before the start change nothing once the state starts at zero
    padded[len(padded) - len(content) :] = np.frombuffer(content, np.uint8)
    padded[len(padded) - len(content) :][:4] ^= 0xFF  # which is what starting at 0xFFFFFFFF does
    columns = padded.reshape(lanes, length).T
    states = _run(np.zeros(lanes, np.uint32), columns)
    shift = _run(np.left_shift(np.uint32(1), np.arange(32, dtype=np.uint32)), np.zeros((length, 32), np.uint8))
    while len(states) > 1:
        states = _apply(shift, states[0::2]) ^ states[1::2]
        shift = _apply(shift, shift)
    return int(states[0]) ^ 0xFFFFFFFF


def masked_crc32c(content: bytes) -> int:
    """The form in which TensorFlow and LevelDB store it, so that a checksum of checksums stays sound."""
    crc = crc32c(content)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _run(states: Array, columns: Array) -> Array:
    for bytes_ in columns:
        states = _TABLE[(states ^ bytes_) & 0xFF] ^ (states >> 8)
    return states


def _apply(operator: Array, states: Array) -> Array:
    """`operator` [32] (what becomes of each bit) on `states` [n]."""
    bits = (states[:, None] >> np.arange(32, dtype=np.uint32)) & 1
    return np.bitwise_xor.reduce(np.where(bits == 1, operator, np.uint32(0)), axis=1)


def _slow(content: bytes) -> int:
    state = 0xFFFFFFFF
    for byte in content:
        state = int(_TABLE[(state ^ byte) & 0xFF]) ^ (state >> 8)
    return state ^ 0xFFFFFFFF
