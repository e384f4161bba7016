"""Frozen dataclasses of arrays as .npz files: written atomically, read without pickle, checked on the way in."""

import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import BadInputError

_TEMPORARY = re.compile(r"\..+\.\d+(\.[a-z0-9]+)?")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; when the block ends well it takes `path`'s place in one step.

    Whoever reads `path` meanwhile sees the old file or the new one, never half of one, also after a kill.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def is_temporary(path: Path) -> bool:
    """Whether a file is called as those are that `replacing` gives out, and hence is not whole yet, or was left."""
    return bool(_TEMPORARY.fullmatch(path.name))


def save_arrays(path: Path, noun: Any) -> None:
    """Write the fields of a dataclass to a compressed .npz; fields that are None are left out."""
    content = {f.name: np.asarray(getattr(noun, f.name)) for f in fields(noun) if getattr(noun, f.name) is not None}
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **content)  # type: ignore[arg-type]


def load_arrays(path: Path, noun: type) -> dict[str, Any]:
    """The fields of the dataclass `noun` from an .npz, scalars and strings as such; pickled objects are refused."""
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            found = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise BadInputError(
            f"{path.name} should be a {noun.__name__} saved as .npz, but cannot be read: {error}"
        ) from error
    known = {f.name: f for f in fields(noun)}
    missing = [n for n, f in known.items() if n not in found and f.default is MISSING and f.default_factory is MISSING]
    if missing:
        raise BadInputError(f"{path.name} should be a {noun.__name__}, but lacks {', '.join(missing)}.")
    return {name: _plain(value) for name, value in found.items() if name in known}


def _plain(value: np.ndarray) -> Any:
    if value.ndim == 0:
        return value.item()
    if value.dtype.kind == "U":
        return tuple(value.tolist())
    return value
