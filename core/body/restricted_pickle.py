"""Reading the pickles in which SMPL's models are published, without running what a pickle may ask to run.

A pickle is a program: `pickle.load` calls whatever it names. Here every name that it may use (numpy's arrays, dtypes
and scalars, scipy's sparse matrices, chumpy's lazy arrays, `set`) leads to a stand-in of this module, which only keeps
what it is given; the arrays are made from that afterwards. numpy itself is not handed the pickle's state either: the
`__setstate__` of an array or dtype trusts what it gets. Any other name is refused before it is looked up. chumpy,
which does not import on Python 3.11, is not needed.
"""

import io
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from core.errors import BadInputError

Array = np.ndarray

_NUMBERS = re.compile(r"[fiub][1248]|b1|\?")
_BYTE_ORDERS = ("<", ">", "|", "=")


class _Kept:
    """Keeps the state that the pickle gives it."""

    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def part(self, name: str) -> Any:
        """One of the stored attributes."""
        if not isinstance(self.state, dict) or name not in self.state:
            raise ValueError(f"an object without {name}")
        return self.state[name]


class _Array(_Kept):
    """numpy's ndarray: (version, shape, dtype, whether by columns, raw bytes)."""


class _SparseColumns(_Kept):
    """scipy.sparse's compressed matrix: data, indices, indptr and shape."""


class _SparseRows(_SparseColumns):
    """The same by rows."""


class _Lazy(_Kept):
    """chumpy's Ch: its value is `x`."""


class _Selected(_Kept):
    """chumpy's Select: the elements `idxs` of `a`, in the shape `preferred_shape`."""


class _Dtype(_Kept):
    """numpy's dtype: its short name, and a state whose second entry is the byte order."""

    def __init__(self, name: Any, align: Any = False, copy: Any = False) -> None:
        self.name = name.decode("ascii") if isinstance(name, bytes) else str(name)

    def real(self) -> np.dtype:
        """The dtype itself; numbers only."""
        order = self.state[1] if isinstance(self.state, tuple) and len(self.state) > 1 else "="
        order = order.decode("ascii") if isinstance(order, bytes) else order
        if not _NUMBERS.fullmatch(self.name) or order not in _BYTE_ORDERS:
            raise ValueError(f"an array of {self.name[:20]!r} instead of numbers")
        return np.dtype(order + self.name)


def _new_array(kind: Any, shape: Any, code: Any) -> _Array:
    """numpy's _reconstruct: an empty array that gets its state later."""
    return _Array()


def _new_object(kind: Any, base: Any, state: Any) -> _Kept:
    """copyreg's _reconstructor, for the stand-ins alone."""
    if kind not in (_SparseColumns, _SparseRows, _Lazy, _Selected):
        raise pickle.UnpicklingError("only matrices may be made this way")
    return kind()


def _from_buffer(raw: Any, dtype: Any, shape: Any, order: Any) -> _Array:
    """numpy's _frombuffer, of newer protocols."""
    array = _Array()
    array.state = (1, shape, dtype, order == "F", bytes(raw))
    return array


def _scalar(dtype: Any, raw: Any = b"") -> _Array:
    """A numpy number."""
    return _from_buffer(_bytes(raw), dtype, (), "C")


def _bytes(raw: Any) -> bytes:
    # Bytes of Python 2 come as text, a character for each.
    return raw.encode("latin1") if isinstance(raw, str) else bytes(raw)


def _encode(text: str, encoding: str) -> bytes:
    """codecs.encode, as Python 3 writes bytes in old protocols."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"bytes in the encoding {encoding!r}")
    return text.encode("latin1")


def _allowed() -> dict[tuple[str, str], Any]:
    table: dict[tuple[str, str], Any] = {("numpy", "ndarray"): _Array, ("numpy", "dtype"): _Dtype}
    for core in ("numpy.core", "numpy._core"):
        table[f"{core}.multiarray", "_reconstruct"] = _new_array
        table[f"{core}.multiarray", "scalar"] = _scalar
        table[f"{core}.numeric", "_frombuffer"] = _from_buffer
    for kind, stand_in in (("csc", _SparseColumns), ("csr", _SparseRows)):
        for module in (f"scipy.sparse.{kind}", f"scipy.sparse._{kind}"):
            table[module, f"{kind}_matrix"] = table[module, f"{kind}_array"] = stand_in
    table["chumpy.ch", "Ch"] = _Lazy
    table["chumpy.reordering", "Select"] = _Selected
    for builtins in ("builtins", "__builtin__"):
        table[builtins, "set"], table[builtins, "object"] = set, object
    for registry in ("copyreg", "copy_reg"):
        table[registry, "_reconstructor"] = _new_object
    table["_codecs", "encode"] = _encode
    return table


_ALLOWED = _allowed()


class _RefusedError(pickle.UnpicklingError):
    """The pickle names something that is not on the list."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Only what is on the list, taken from the list: nothing is imported."""
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise _RefusedError(f"{module}.{name}") from None


def read_pickled_arrays(path: Path, wanted: set[str]) -> dict[str, Array]:
    """The arrays called `wanted` of a pickled dictionary.

    `BadInputError` names what the pickle asked for where that is not allowed, and says so where it is no such file.
    """
    path = Path(path)
    try:
        content = _Unpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
        if not isinstance(content, dict):
            raise ValueError(f"it holds a {type(content).__name__} instead of a dictionary")
        return {name: _plain(content[name]) for name in wanted if name in content}
    except _RefusedError as refused:
        raise BadInputError(
            f"{path.name} should hold nothing but arrays, but asks for {refused}, which could run anything. It was not "
            "run. Get the file from where it is published."
        ) from None
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged pickle fails in any way there is
        raise BadInputError(f"{path.name} should be a pickled SMPL model, but cannot be read: {error}.") from error


def _plain(value: Any, depth: int = 0) -> Array:
    """The array that a stand-in stands for."""
    if depth > 20:
        raise ValueError("arrays within arrays without end")
    if isinstance(value, _Array):
        return _array(value)
    if isinstance(value, _SparseColumns):
        return _dense(value, depth)
    if isinstance(value, _Lazy):
        return _plain(value.part("x"), depth + 1)
    if isinstance(value, _Selected):
        picked = _plain(value.part("a"), depth + 1).reshape(-1)[_plain(value.part("idxs"), depth + 1).astype(np.int64)]
        return picked.reshape(_shape(value.part("preferred_shape")))
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"a {type(value).__name__} instead of an array")
    return array


def _array(value: _Array) -> Array:
    if not isinstance(value.state, tuple) or len(value.state) != 5 or not isinstance(value.state[2], _Dtype):
        raise ValueError("an array without its numbers")
    _, shape, dtype, by_columns, raw = value.state
    flat = np.frombuffer(_bytes(raw), dtype.real())
    return flat.reshape(_shape(shape), order="F" if by_columns else "C")


def _dense(value: _SparseColumns, depth: int) -> Array:
    data, indices, indptr = (_plain(value.part(name), depth + 1) for name in ("data", "indices", "indptr"))
    shape = _shape(value.part("_shape"))
    if len(shape) != 2 or not 0 < shape[0] * shape[1] < 1e8:
        raise ValueError(f"a sparse matrix of the shape {shape}")
    kind = scipy.sparse.csr_matrix if isinstance(value, _SparseRows) else scipy.sparse.csc_matrix
    matrix = kind((data, indices, indptr), shape=shape)
    matrix.check_format(full_check=True)  # indices beyond the shape would be read past the end
    return matrix.toarray()


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(int(n) for n in np.ravel(_plain(value) if isinstance(value, _Kept) else value))
