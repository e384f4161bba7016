"""Opening a run's zip, which may come from anybody, as a finished run.

Names, sizes, checksums and contents are checked; everything is unpacked beside its place and moved there only when all
of it is right.
"""

import dataclasses
import hashlib
import json
import shutil
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import Any

import numpy as np

from core.errors import BadInputError, UnderstudyError
from core.export.bundle import CHUNK_BYTES, FORMAT, MANIFEST, PACKED, VERSION
from core.export.bundle_records import check_records
from core.motion import BodyMotion, HumanoidMotion, Rollout, Track
from core.notices import notice
from core.run_folder import RunFolder
from core.video import load_clip

OPENING = ".bundle-"
"""How folders are called, beside the place of the run, while a zip is unpacked into them."""
# What may run as code when it is opened (pickles, programs) is not taken from a stranger's zip.
_DATA = PACKED - {".zip"} | {".json", ".txt", ".bvh", ".csv", ".md", ".bmp", ".onnx", ".usd", ".fbx"}
_MAX_FPS = 1e5
_OF_POLICIES = ("policy.pth", "policy.zip", "policy.optimizer.pth")


@dataclass(frozen=True)
class BundleLimits:
    """What a bundle may ask of the machine that opens it."""

    max_bytes: int = 4_000_000_000
    """Size of all files unpacked."""
    max_files: int = 2_000
    """Number of files."""
    max_ratio: float = 200.0
    """How much larger than the zip its content may be, above `free_bytes`."""
    free_bytes: int = 50_000_000
    """Content up to this size is never taken for a bomb."""
    max_array_bytes: int = 500_000_000
    """Size of the arrays in one .npz: they are read into memory whole."""
    max_depth: int = 6
    """Folders within folders."""


def open_bundle(path: Path, into: Path, limits: BundleLimits | None = None) -> RunFolder:
    """Unpack a run's zip as the new folder `into` and return it; a finished run like any other.

    `BadInputError` where the zip is damaged or no run's, holds names that lead elsewhere, more than the limits allow,
    files that are not as its list says, or nouns that cannot be read; then nothing is left behind. Files of kinds that
    may run as code are left out with a notice.
    """
    limits, path, into = limits or BundleLimits(), Path(path), Path(into)
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise BadInputError(f"A bundle is opened as a new folder, but {into} exists and is not empty.")
    into.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(mkdtemp(prefix=OPENING, dir=into.parent))
    try:
        with zipfile.ZipFile(path) as archive:
            listed = _listed(path, archive, limits)
            for name, facts in listed.items():
                _unpack(archive, name, facts, scratch)
        _check_arrays(scratch, limits)
        _check_run(RunFolder(scratch))
        scratch.chmod(0o755)
        if into.exists():
            into.rmdir()
        scratch.rename(into)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeError) as error:
        raise BadInputError(f"{path.name} should be a run's zip, but cannot be read: {error}. Get it again.") from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise BadInputError("A run's zip should hold files and folders, but has both under one name.") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return RunFolder(into)


def _listed(path: Path, archive: zipfile.ZipFile, limits: BundleLimits) -> dict[str, dict[str, Any]]:
    """The files of the manifest that are to be unpacked, all names and sizes checked."""
    entries = archive.infolist()
    total, packed = sum(e.file_size for e in entries), max(path.stat().st_size, 1)
    if len(entries) > limits.max_files:
        raise BadInputError(f"A run's zip should have at most {limits.max_files} files, but this has {len(entries)}.")
    if total > limits.max_bytes:
        raise BadInputError(
            f"A run's zip should unpack to at most {limits.max_bytes / 1e9:.1f} GB, but this takes {total / 1e9:.1f}."
        )
    if total > limits.free_bytes and total / packed > limits.max_ratio:
        raise BadInputError(
            f"The zip should hold a run, but would grow {total / packed:.0f}-fold: it looks like a trap."
        )
    names = [entry.filename for entry in entries]
    for entry in entries:
        _check_name(entry, limits)
    if len(set(names)) != len(names):
        raise BadInputError("A run's zip should have every file once, but has one twice.")
    files = _manifest(path, archive, names)
    if set(files) | {MANIFEST} != set(names):
        raise BadInputError(f"{path.name} should hold the files that {MANIFEST} lists, but holds others or lacks some.")
    return {name: facts for name, facts in files.items() if _is_data(name)}


def _check_name(entry: zipfile.ZipInfo, limits: BundleLimits) -> None:
    name = entry.filename
    parts = name.split("/")
    harmless = all(part and not part.startswith(".") and part.isprintable() for part in parts)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if (
        not harmless
        or len(parts) > limits.max_depth
        or len(name) > 300
        or any(character in name for character in '\\:*?"<>|')
        or kind not in (0, stat.S_IFREG)
    ):
        raise BadInputError(f"A run's zip should hold plain files in its own folder, but has {name[:80]!r}.")


def _manifest(path: Path, archive: zipfile.ZipFile, names: list[str]) -> dict[str, dict[str, Any]]:
    if MANIFEST not in names and any(PurePosixPath(name).name in _OF_POLICIES for name in names):
        raise BadInputError(
            f"{path.name} should be a run's zip, but looks like a policy. Policies are never taken in here: the zip of "
            "one can run code when it is opened. Train one for a motion instead; its policy.onnx holds numbers only."
        )
    if MANIFEST not in names:
        raise BadInputError(f"{path.name} should be a run's zip with {MANIFEST} in it, but has none.")
    if archive.getinfo(MANIFEST).file_size > 4_000_000:
        raise BadInputError(f"{MANIFEST} should be a short list, but is far too long.")
    try:
        content = json.loads(archive.read(MANIFEST))
        known = content["format"] == FORMAT and content["version"] == VERSION
        files = {str(n): {"bytes": int(f["bytes"]), "sha256": str(f["sha256"])} for n, f in content["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInputError(f"{MANIFEST} should list the run's files, but cannot be read: {error!r}") from error
    if not known:
        raise BadInputError(
            f"The bundle should be {FORMAT} version {VERSION}, but is {content['format']} version "
            f"{content['version']}. A newer Understudy may open it."
        )
    return files


def _is_data(name: str) -> bool:
    if PurePosixPath(name).suffix.lower() in _DATA:
        return True
    notice(f"{name} was left out: files of this kind may run as code and are not taken from a bundle.")
    return False


def _unpack(archive: zipfile.ZipFile, name: str, facts: dict[str, Any], into: Path) -> None:
    target, digest, count = into / name, hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as source, target.open("wb") as file:
        while piece := source.read(CHUNK_BYTES):
            count += len(piece)
            if count > facts["bytes"]:
                break
            digest.update(piece)
            file.write(piece)
    if count != facts["bytes"] or digest.hexdigest() != facts["sha256"]:
        raise BadInputError(f"{name} should be as the bundle's list says, but is not: the zip was changed or damaged.")


def _check_arrays(root: Path, limits: BundleLimits) -> None:
    """An .npz is a zip in the zip, and may be a trap itself."""
    for path in root.rglob("*.npz"):
        try:
            with zipfile.ZipFile(path) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
        except zipfile.BadZipFile as error:
            raise BadInputError(f"{path.name} should hold arrays, but cannot be read: {error}.") from error
        if size > limits.max_array_bytes:
            raise BadInputError(
                f"{path.name} should hold at most {limits.max_array_bytes / 1e6:.0f} MB of arrays, but claims "
                f"{size / 1e6:.0f} MB."
            )


def _check_run(folder: RunFolder) -> None:
    """Everything that the rest of the house would read can be read."""
    try:
        if not folder.record.is_file() or not folder.clip.is_file():
            raise BadInputError("The bundle should hold run.json and clip.mp4, but does not.")
        check_records(folder)
        load_clip(folder.clip)
        for person in folder.root.glob("person-*"):
            _check_person(person)
    except UnderstudyError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, OSError, MemoryError) as error:
        raise BadInputError(f"The bundle's run cannot be read: {error}") from error


def _check_person(person: Path) -> None:
    nouns = {"track.npz": Track, "hmr.npz": BodyMotion, "motion.npz": BodyMotion, "reference.txt": HumanoidMotion}
    for name, noun in nouns.items():
        if (person / name).exists():
            _check_numbers(name, noun.load(person / name))  # type: ignore[attr-defined]
    for path in (person / "rollouts").glob("*.npz"):
        _check_numbers(path.name, Rollout.load(path))


def _check_numbers(name: str, motion: Any) -> None:
    """Refuse a rate, times, a camera or anything else that the viewer's routes cannot reckon with."""
    for field in dataclasses.fields(motion):
        value = getattr(motion, field.name)
        if isinstance(value, np.ndarray) and not (value.dtype.kind in "biuf" and np.isfinite(value).all()):
            raise BadInputError(f"{name} of the bundle should have finite numbers in {field.name}, but has not.")
    times, frames = np.asarray(motion.times), len(motion)
    timed = times.shape == (frames,) and frames > 0 and times.dtype.kind in "fiu" and np.isfinite(times).all()
    if not (timed and isinstance(motion.fps, int | float) and 0 < motion.fps < _MAX_FPS):
        raise BadInputError(f"{name} of the bundle should have frames at known times, but has not.")
    for part, shape in (("intrinsics", (3, 3)), ("camera_in_world", (frames, 4, 4))):
        if (camera := getattr(motion, part, None)) is None:
            continue
        if camera.shape != shape or camera.dtype.kind != "f" or not np.isfinite(camera).all():
            raise BadInputError(f"{name} of the bundle should have {part} of finite numbers {shape}, but has not.")
