"""Objects by name in any store that fsspec knows: s3://bucket/folder, gs://..., file:///folder, memory://..."""

import errno
import logging
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from core.errors import BadInputError, UnderstudyError

_log = logging.getLogger(__name__)
_CHUNK = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT)


class StoreAwayError(UnderstudyError):
    """The store does not answer, or refuses; it may do better later."""


class ObjectStore:
    """Whole objects by name ("a/b/c"); a reader sees an object whole, or not at all.

    Object stores give that by themselves. In folders (file://) objects are written beside and renamed. Everything that
    goes wrong in the store is a `StoreAwayError`, but for a full disk, which stays an `OSError`.
    """

    def __init__(self, url: str) -> None:
        """`BadInputError` where fsspec does not know such addresses, or lacks the package for them."""
        try:
            self._fs, root = url_to_fs(url, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise BadInputError(
                f"UNDERSTUDY_ARTIFACTS should be an address such as s3://bucket/folder or file:///folder, but cannot "
                f"be used: {error}. For s3:// install the extra s3."
            ) from error
        self._root = root.rstrip("/")
        self._is_folder = isinstance(self._fs, LocalFileSystem)

    def read(self, name: str) -> bytes | None:
        """An object's content; None where there is none of this name."""
        with _asking():
            try:
                content: bytes = self._fs.cat_file(self._at(name))
            except FileNotFoundError:
                return None
            return content

    def write(self, name: str, content: bytes) -> None:
        """Give an object its content, in the place of any earlier one."""
        with self._replacing(name) as path, _asking():
            self._fs.pipe_file(path, content)

    def upload(self, name: str, file: IO[bytes], count: int) -> None:
        """Write `count` bytes of an open file, from where it stands."""
        with self._replacing(name) as path, _asking(), self._fs.open(path, "wb") as target:
            while count > 0 and (piece := file.read(min(_CHUNK, count))):
                target.write(piece)
                count -= len(piece)

    def download(self, name: str, path: Path) -> bool:
        """Write an object to a file; False where there is none of this name."""
        with _asking():
            try:
                self._fs.get_file(self._at(name), str(path))
            except FileNotFoundError:
                return False
            return True

    def names(self, under: str) -> list[str]:
        """Names of all objects below a folder, relative to it."""
        start = f"{self._at(under)}/"
        with _asking():
            found = [self._fs._strip_protocol(path) for path in self._fs.find(start.rstrip("/"))]
        return sorted(path.removeprefix(start) for path in found if path.startswith(start))

    def facts(self, name: str) -> tuple[int, float]:
        """Bytes of an object, and when it was written [s since 1970]; nothing, and now, of one that has gone."""
        with _asking():
            try:
                return int(self._fs.info(self._at(name))["size"]), self._fs.modified(self._at(name)).timestamp()
            except FileNotFoundError:
                return 0, time.time()

    def folders(self, under: str = "") -> list[str]:
        """Names of the folders right below one."""
        with _asking():
            try:
                entries = self._fs.ls(self._at(under), detail=True)
            except FileNotFoundError:
                return []
        return sorted(entry["name"].rstrip("/").rpartition("/")[2] for entry in entries if entry["type"] == "directory")

    def remove(self, names: Iterable[str]) -> None:
        """Delete objects; those that are not there are no trouble."""
        for name in names:
            with _asking():
                try:
                    self._fs.rm_file(self._at(name))
                except FileNotFoundError:
                    continue

    def remove_folder(self, name: str) -> None:
        """Delete all objects below a folder."""
        with _asking():
            try:
                self._fs.rm(self._at(name), recursive=True)
            except FileNotFoundError:
                return

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    @contextmanager
    def _replacing(self, name: str) -> Iterator[str]:
        if not self._is_folder:
            yield self._at(name)
            return
        path = Path(self._at(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            yield str(part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def _asking() -> Iterator[None]:
    """The many errors of many stores as one; what is in them (addresses, keys' names) goes to the log alone."""
    try:
        yield
    except UnderstudyError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            raise
        _log.warning("The store of artifacts fails: %s: %s", type(error).__name__, error)
        raise StoreAwayError("The store of the runs' files does not answer. Try again in a moment.") from error
