"""A whole run as one zip, streamed out; `core.export.bundle_opening` opens it again.

The zip holds the run's files under their own names, source included, and last `understudy-bundle.json` with the size
and SHA-256 of each. The same run gives the same bytes.
"""

import hashlib
import json
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from core.arrays_on_disk import replacing
from core.errors import BadInputError, RunNotFoundError
from core.run_folder import RunFolder

MANIFEST = "understudy-bundle.json"
FORMAT, VERSION = "understudy-run", 1
CHUNK_BYTES = 1 << 20
PACKED = {".mp4", ".npz", ".glb", ".jpg", ".jpeg", ".png", ".webp", ".zip", ".mov", ".webm", ".mkv", ".avi"}
"""Suffixes of files that are compressed already; packing them again would only take time."""


def stream_bundle(folder: RunFolder) -> Iterator[bytes]:
    """The zip in pieces of about a megabyte, as the files are read; nothing is kept.

    The same run gives the same bytes. `RunNotFoundError` where the folder holds no run.
    """
    files = _files(folder)
    sink = _Sink()
    manifest: dict[str, Any] = {"format": FORMAT, "version": VERSION, "files": {}}
    with zipfile.ZipFile(sink, "w") as archive:  # type: ignore[call-overload]
        for name in files:
            path, digest = folder.root / name, hashlib.sha256()
            entry = _entry(name.as_posix())
            entry.file_size = path.stat().st_size
            count = 0
            with path.open("rb") as source, archive.open(entry, "w") as target:
                while piece := source.read(CHUNK_BYTES):
                    target.write(piece)
                    digest.update(piece)
                    count += len(piece)
                    yield from sink.taken()
            manifest["files"][name.as_posix()] = {"bytes": count, "sha256": digest.hexdigest()}
        archive.writestr(_entry(MANIFEST), json.dumps(manifest, indent=1))
    yield from sink.taken()


def write_bundle(folder: RunFolder, path: Path) -> None:
    """Write the zip of a run, atomically; it must not lie in the run's own folder."""
    path = Path(path)
    if path.resolve().is_relative_to(folder.root.resolve()):
        raise BadInputError(f"The zip should lie outside the run's folder, but {path} is in it.")
    pieces = stream_bundle(folder)
    first = next(pieces, b"")  # a folder without a run is refused before anything is written
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(first)
        for piece in pieces:
            file.write(piece)


class _Sink:
    """What `zipfile` writes to: keeps the pieces until they are taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits anywhere."""

    def taken(self) -> Iterator[bytes]:
        pieces, self._pieces = self._pieces, []
        if pieces:
            yield b"".join(pieces)


def _files(folder: RunFolder) -> list[Path]:
    if not folder.record.is_file() or not folder.clip.is_file():
        raise RunNotFoundError(f"{folder.root} should be a run's folder with run.json and clip.mp4, but is not.")
    try:
        source = [folder.source().relative_to(folder.root)]
    except RunNotFoundError:
        source = []
    inside = folder.root.resolve()
    names = [*source, *folder.artifacts()]
    return [name for name in names if (folder.root / name).resolve().is_relative_to(inside)]


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)  # dated 1980: the same run gives the same zip
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    packed = PurePosixPath(name).suffix.lower() in PACKED
    entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    return entry
