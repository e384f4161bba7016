"""Joints from an .npz: `joints` [T, J, 3] with names, times and a unit as far as they are given."""

import zipfile
from pathlib import Path

import numpy as np

from core.errors import BadInputError
from core.evaluation.joint_names import known_order
from core.evaluation.poses import Poses, poses_from
from core.notices import notice

Array = np.ndarray

MAX_BYTES = 1_000_000_000
"""The most that an archive may unpack to."""
_METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "unknown": None}
# How far apart two limb joints of a person are at most in a frame, in metres; generous for children and for giants.
_EXTENT_M = (0.4, 2.6)


def read_archive(path: Path) -> dict[str, Array]:
    """The arrays of an .npz; `BadInputError` where it is damaged, holds pickled objects or unpacks to too much."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > MAX_BYTES:
            raise BadInputError(f"{path.name} should unpack to at most {MAX_BYTES // 1_000_000} MB.")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise BadInputError(f"{path.name} should be arrays saved as .npz, but cannot be read: {error}") from error


def read_joints_npz(path: Path) -> Poses:
    """The limb joints of an archive with:

    joints [T, J, 3] or [J, 3] (also `joints3d`); names [J] (also `joint_names`), without which J must be a known order
    (`core.evaluation.joint_names.known_order`); times [T] s, or fps, or neither; unit "m", "cm", "mm" or "unknown",
    which is taken from the body's size where it is missing.
    """
    found = read_archive(path)
    points = next((found[name] for name in ("joints", "joints3d") if name in found), None)
    if points is None:
        raise BadInputError(
            f"{path.name} should hold an array `joints` [T, J, 3], but holds {', '.join(found) or 'none'}."
        )
    points = points[None] if points.ndim == 2 else points
    if points.ndim != 3 or points.shape[-1] != 3 or 0 in points.shape or points.dtype.kind not in "fiu":
        raise BadInputError(
            f"{path.name}: `joints` should be numbers [T, J, 3], but are {points.dtype} {points.shape}."
        )
    points = points.astype(float)
    names = _names(found, points.shape[1], path.name)
    return poses_from(path.name, points, names, _times(found, len(points), path.name), _unit(found, points, path.name))


def _names(found: dict[str, Array], count: int, where: str) -> list[str]:
    given = next((found[name] for name in ("names", "joint_names") if name in found), None)
    if given is None:
        known = known_order(count)
        if known is None:
            raise BadInputError(
                f"{where} has {count} joints without names. Without an array `names` there should be 12 (limb joints), "
                "14 (LSP), 24 (SMPL) or 33 (BlazePose)."
            )
        return list(known)
    if given.shape != (count,) or given.dtype.kind not in "US":
        raise BadInputError(f"{where}: `names` should be {count} texts, one for each joint, but is {given.shape}.")
    return [name.decode() if isinstance(name, bytes) else str(name) for name in given.tolist()]


def _times(found: dict[str, Array], count: int, where: str) -> Array | None:
    if "times" in found:
        return found["times"]
    if "fps" not in found:
        return None
    fps = found["fps"]
    one_number = fps.size == 1 and fps.dtype.kind in "fiu" and np.isfinite(fps).all()
    if not one_number or float(fps.ravel()[0]) <= 0:
        raise BadInputError(f"{where}: `fps` should be one number above 0, but is {fps}.")
    return np.arange(count) / float(fps.ravel()[0])


def _unit(found: dict[str, Array], points: Array, where: str) -> float | None:
    """Metres in a unit; None where nobody knows."""
    if "unit" in found:
        unit = str(found["unit"].item()) if found["unit"].size == 1 else ""
        if unit not in _METRES:
            raise BadInputError(f"{where}: `unit` should be one of {', '.join(_METRES)}, but is {unit!r}.")
        return _METRES[unit]
    with np.errstate(invalid="ignore"):
        spans = np.nanmax(points, axis=1) - np.nanmin(points, axis=1)
    size = float(np.nanmedian(np.linalg.norm(spans, axis=-1)))
    for unit, metres in (("m", 1.0), ("mm", 1e-3), ("cm", 1e-2)):
        if _EXTENT_M[0] <= size * metres <= _EXTENT_M[1]:
            if unit != "m":
                notice(f"{where} names no unit; by the body's size it is taken for {unit}.")
            return metres
    notice(f"{where} names no unit and has no body's size in mm, cm or m; only errors after scaling are given.")
    return None
