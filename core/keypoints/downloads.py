"""Model files from the network, once: checked against a checksum before anything reads them."""

import shutil
import time
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.arrays_on_disk import replacing
from core.assets import sha256_of
from core.errors import UnderstudyError
from core.progress import Progress, silent

_CHUNK = 1 << 18


class DownloadError(UnderstudyError):
    """A file could not be had: no network, a server that does not answer, or content that is not what it should be."""


@dataclass(frozen=True)
class RemoteFile:
    """A file that may be downloaded: the addresses to try in turn (a .zip holds the file), and what it must be."""

    name: str
    urls: tuple[str, ...]
    sha256: str
    bytes: int


def fetched(file: RemoteFile, folder: Path, timeout_s: float = 5.0, progress: Progress = silent) -> Path:
    """The path of the file in `folder`, downloaded where it is not there yet.

    `timeout_s` is how long a server may be silent. The file's sha256 is checked each time; what is in the folder and
    does not pass is downloaded again. `DownloadError` says why each address failed; nothing half is left behind.
    """
    path = folder / file.name
    if path.is_file() and sha256_of(path) == file.sha256:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    reasons = []
    for url in file.urls:
        try:
            _fetch(file, url, path, timeout_s, progress)
            return path
        except (OSError, urllib.error.URLError, zipfile.BadZipFile, ValueError, DownloadError) as error:
            reasons.append(f"{url.split('/')[2]}: {getattr(error, 'reason', error)}")
    raise DownloadError(f"{file.name} could not be downloaded ({'; '.join(map(str, reasons))})")


def _fetch(file: RemoteFile, url: str, path: Path, timeout_s: float, progress: Progress) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "understudy"})
    with replacing(path) as temporary:
        part = temporary.with_name(temporary.name + ".part")
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer, part.open("wb") as out:
                _copy(answer, out, file, progress)
            if zipfile.is_zipfile(part):
                _unpack(part, temporary, file)
            else:
                part.replace(temporary)
        finally:
            part.unlink(missing_ok=True)
        found = sha256_of(temporary)
        if found != file.sha256:
            raise DownloadError(f"the file should have the sha256 {file.sha256}, but has {found}")


def _copy(answer: BinaryIO, out: BinaryIO, file: RemoteFile, progress: Progress) -> None:
    done, told = 0, 0.0
    while chunk := answer.read(_CHUNK):
        done += len(chunk)
        if done > 2 * file.bytes + _CHUNK:
            raise DownloadError(f"the file should have about {file.bytes} bytes, but more come")
        out.write(chunk)
        if time.monotonic() - told > 0.3:
            told = time.monotonic()
            progress(min(done / file.bytes, 1.0), f"Downloading {file.name}: {done / 1e6:.0f} MB")


def _unpack(archive: Path, to: Path, file: RemoteFile) -> None:
    suffix = Path(file.name).suffix
    with zipfile.ZipFile(archive) as opened:
        members = [info for info in opened.infolist() if info.filename.endswith(suffix)]
        if len(members) != 1 or members[0].file_size != file.bytes:
            raise DownloadError(f"the zip should hold one {suffix} file of {file.bytes} bytes, but does not")
        with opened.open(members[0]) as packed, to.open("wb") as out:
            shutil.copyfileobj(packed, out)
