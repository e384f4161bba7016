"""Checkpoints: one file with everything that a training goes on from, replaced in one step, the one before kept.

The file is an .npz without pickle: nested dictionaries of arrays, flattened to paths, and the rest as JSON. A kill at
any moment leaves a whole file, this one or the one before.
"""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from core.arrays_on_disk import replacing
from core.errors import BadInputError
from core.notices import notice

NAME, PREVIOUS = "checkpoint.npz", "checkpoint-previous.npz"

_JSON = "json"


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Replace `folder`'s checkpoint by `state`: dictionaries and lists, down to arrays and what JSON can hold."""
    arrays: dict[str, np.ndarray] = {}
    skeleton = _take_out(state, "", arrays)
    arrays[_JSON] = np.array(json.dumps(skeleton))
    path = folder / NAME
    with replacing(path) as temporary:
        with temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            path.replace(folder / PREVIOUS)


def load_checkpoint(folder: Path) -> dict[str, Any]:
    """The newest whole checkpoint in `folder`; `BadInputError` where there is none.

    Where the newest is damaged, the one before is taken and a notice says so.
    """
    reasons = []
    for name in (NAME, PREVIOUS):
        try:
            state = _read(folder / name)
        except FileNotFoundError:
            continue
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            reasons.append(f"{name} cannot be read ({error})")
            continue
        if reasons:
            notice(f"{reasons[0]}; the training goes on from the checkpoint before it.")
        return state
    raise BadInputError(
        f"A checkpoint of a training is expected in {folder}, but "
        f"{' and '.join(reasons) if reasons else 'there is none'}. Start the training anew in another folder."
    )


def has_checkpoint(folder: Path) -> bool:
    """Whether a training was ever here."""
    return any((folder / name).exists() for name in (NAME, PREVIOUS))


def _read(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    return _put_in(json.loads(str(arrays.pop(_JSON))), arrays)


def _take_out(value: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    """`value` with {"array": path} in place of every array, which goes to `arrays`."""
    if isinstance(value, np.ndarray):
        arrays[path] = value
        return {"array": path}
    if isinstance(value, dict):
        return {"fields": {k: _take_out(v, f"{path}/{k}", arrays) for k, v in value.items()}}
    if isinstance(value, list):
        return [_take_out(v, f"{path}/{i}", arrays) for i, v in enumerate(value)]
    return value


def _put_in(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, dict) and "array" in value:
        return arrays[value["array"]]
    if isinstance(value, dict):
        return {k: _put_in(v, arrays) for k, v in value["fields"].items()}
    if isinstance(value, list):
        return [_put_in(v, arrays) for v in value]
    return value
