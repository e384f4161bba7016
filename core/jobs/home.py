"""Where a site keeps what it makes: the database, a folder per run, backups, the workers' locks."""

import os
import re
import secrets
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.errors import RunNotFoundError
from core.run_folder import RunFolder

RUN_ID = re.compile(r"[a-z0-9]{16}")
RUN_PART = "run"
"""All of a run but its trainings, which are parts by their ids (`core.jobs.mirror`)."""
SITE_PART, PUT_AWAY = "site", ".put-away"
"""What a person marks at any time, and the marker that is there while a policy is put away."""
_ID_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, o, 0, 1: ids are read aloud and typed
_LOG = ".log.txt"  # hidden, hence no artifact: it may hold tracebacks and paths


def new_run_id() -> str:
    """A random id of 16 characters (80 bits): fit for addresses and folder names, not to be guessed."""
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(16))


def safe_file_name(name: str) -> str:
    """A file name that a person gave as one that is harmless on disk: no folders, no odd characters, not hidden.

    The suffix is kept where it is plain, since a person knows the file by it; nothing is decided by it.
    """
    plain = unicodedata.normalize("NFKD", name.replace("\\", "/").rsplit("/", 1)[-1])
    stem, dot, suffix = plain.rpartition(".")
    if not dot:
        stem, suffix = suffix, ""
    stem = re.sub(r"[^A-Za-z0-9 _-]+", "_", stem).strip(" _-")[:80] or "source"
    suffix = suffix.lower() if re.fullmatch(r"[A-Za-z0-9]{1,5}", suffix) else ""
    return f"{stem}.{suffix}" if suffix else stem


@dataclass(frozen=True)
class Litter:
    """Something that nothing needs any more, not on this machine."""

    name: str
    bytes: int
    why: str
    remove: Callable[[], None]


@dataclass(frozen=True)
class Home:
    """The folder `UNDERSTUDY_HOME`; nothing in it is created before it is needed."""

    root: Path

    @property
    def database_url(self) -> str:
        """The SQLite database that is used where no other one is named."""
        return f"sqlite:///{self.root / 'understudy.sqlite'}"

    @property
    def backups(self) -> Path:
        """Copies of the database, made before each change of its schema."""
        return self.root / "backups"

    @property
    def uploads(self) -> Path:
        """Files on their way in, before they are a run's source."""
        return self.root / "uploads"

    @property
    def challenges(self) -> Path:
        """Challenges of the page, a folder each."""
        return self.root / "challenges"

    def worker_lock(self, worker: str) -> Path:
        """The file that a worker of this name holds locked while it lives."""
        return self.root / f"worker-{worker}.lock"

    def run(self, run_id: str) -> RunFolder:
        """The folder of a run; `RunNotFoundError` where the id is not of a run's form."""
        if not RUN_ID.fullmatch(run_id):
            raise RunNotFoundError("There is no run with this id.")
        return RunFolder(self.root / "runs" / run_id)

    def push(self, run_id: str, part: str | None = RUN_PART) -> None:
        """Take a part of a run's files (all, with None) to where others look: here, since all share this folder."""

    def push_anew(self, run_id: str) -> None:
        """Take all files of a run there, whatever is there of it."""

    def pull(self, run_id: str) -> None:
        """Bring a run's files here: nothing to do where all share this folder."""

    @contextmanager
    def borrowed(self, run_id: str) -> Iterator[Path]:
        """A run's folder with all of its files, to be read; what had to be fetched for that goes again afterwards."""
        yield Home.run(self, run_id).root

    def remove(self, run_id: str) -> None:
        """Remove a run's files."""
        shutil.rmtree(self.root / "runs" / run_id, ignore_errors=True)

    def push_missing(self) -> None:
        """Take runs there that were made before there was such a place."""

    def make_room(self) -> int:
        """Give up copies that are kept elsewhere, where there is a limit; returns the bytes freed."""
        return 0

    def litter(self, run_ids: set[str], before: float) -> "list[Litter]":
        """What lies elsewhere, is older than `before` (s since 1970) and belongs to none of these runs."""
        return []

    def run_bytes(self, run_id: str) -> int:
        """What a run's files take."""
        return folder_bytes(self.root / "runs" / run_id)

    def log(self, run_id: str) -> Path:
        """What the stages of a run wrote to their error output: tracebacks, warnings of libraries."""
        return self.run(run_id).root / _LOG

    def artifact(self, run_id: str, path: str) -> Path:
        """The file of a run at `path` relative to its folder; `RunNotFoundError` for all but its artifacts.

        Asking the folder what it has, rather than cleaning `path`, leaves no way out of it.
        """
        folder = self.run(run_id)
        found = next((p for p in folder.artifacts() if p.as_posix() == path), None)
        resolved = (folder.root / found).resolve() if found else None
        if resolved is None or not resolved.is_relative_to(folder.root.resolve()):
            raise RunNotFoundError("The run has no such file.")
        return resolved


def folder_bytes(folder: Path | str) -> int:
    """The size of all files in a folder; what vanishes meanwhile counts nothing."""
    total = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    total += folder_bytes(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    except OSError:
        pass
    return total
