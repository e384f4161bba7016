"""A home whose runs' folders are copies of what an object store has."""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from core.errors import UnderstudyError
from core.jobs.home import RUN_ID, RUN_PART, Home, Litter
from core.jobs.mirror import Mirror, MovedOnError
from core.jobs.mirror_folder import STATE
from core.jobs.mirror_manifest import DamagedCopyError
from core.jobs.object_store import ObjectStore
from core.notices import notice
from core.run_folder import RunFolder

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 2.0
_KEPT_S = 600.0
"""A folder that was used so recently [s] is not given up for room: somebody may be reading it."""


@dataclass(frozen=True)
class MirroredHome(Home):
    """`Home.push` and `pull` reach the store. With `follows`, asking for a run's folder brings it up to date before.

    That is for those who only look, the site: at most every two seconds, and without the store as far as it is here.
    Folders that were not used for long give room when all of them take more than `cache_bytes`; only such as are whole
    in the store.
    """

    mirror: Mirror
    follows: bool = False
    cache_bytes: float = float("inf")
    _looked: dict[str, float] = field(default_factory=dict, compare=False)
    _evicting: threading.Lock = field(default_factory=threading.Lock, compare=False)

    @classmethod
    def at(cls, root: Path, url: str, follows: bool = False, cache_bytes: float = float("inf")) -> "MirroredHome":
        """A home in `root` whose store has the address `url`; `BadInputError` where that is none."""
        return cls(root, Mirror(ObjectStore(url), root / "runs"), follows, cache_bytes)

    def run(self, run_id: str) -> RunFolder:
        """The folder of a run."""
        folder = super().run(run_id)
        if self.follows and time.monotonic() - self._looked.get(run_id, -_LOOK_EVERY_S) >= _LOOK_EVERY_S:
            self._looked[run_id] = time.monotonic()
            self._follow(run_id, folder.root)
        return folder

    def push(self, run_id: str, part: str | None = RUN_PART) -> None:
        """Bring a part of a run to the store; all that is there with None."""
        self.mirror.push(run_id, part)

    def push_anew(self, run_id: str) -> None:
        """Bring a run to the store, whatever it has of it."""
        self.mirror.remove(run_id)
        self.mirror.push(run_id)

    def push_missing(self) -> None:
        """Bring runs to the store that were made here before there was one."""
        here = sorted(path.name for path in (self.root / "runs").glob("*") if RUN_ID.fullmatch(path.name))
        for run_id in here:
            try:
                self.mirror.push_missing(run_id)
            except MovedOnError as error:  # of one that came from elsewhere, and not as a whole
                _log.warning("Run %s is not brought to the store: %s", run_id, error)

    def pull(self, run_id: str) -> None:
        """Bring a run's folder to the state of the store."""
        self.mirror.pull(run_id)
        _note_use(self.root / "runs" / run_id)

    @contextmanager
    def borrowed(self, run_id: str) -> Iterator[Path]:
        """A run's folder as the store has it. One that was not here goes again, unless others use it by then."""
        root = super().run(run_id).root
        was_here = (root / STATE).exists()
        self.pull(run_id)
        fetched = _last_used(root)
        try:
            yield root
        finally:
            if not was_here and (root / STATE).exists() and _last_used(root) == fetched:
                self._give_up(root)

    def remove(self, run_id: str) -> None:
        """Remove a run's files, here and in the store."""
        super().remove(run_id)
        self.mirror.remove(run_id)

    def litter(self, run_ids: set[str], before: float) -> list[Litter]:
        """What the store has of runs that nobody knows, and files that no run of it has; damage is told as a notice."""
        store, found = self.mirror.store, list[Litter]()
        for run_id in filter(RUN_ID.fullmatch, self.mirror.runs()):
            known = run_id in run_ids
            try:
                names = self.mirror.unused(run_id) if known else [f"{run_id}/{name}" for name in store.names(run_id)]
            except DamagedCopyError as error:
                notice(f"{error} What its pushes left behind stays.")
                continue
            facts = [store.facts(name) for name in names]
            if not facts or max(written for _, written in facts) >= before:
                continue
            why = "files that were never finished" if known else "no run has this id"
            remove = partial(self._remove_unused, run_id, before) if known else partial(self.mirror.remove, run_id)
            found.append(Litter(f"store: {run_id}", sum(size for size, _ in facts), why, remove))
        return found

    def _remove_unused(self, run_id: str, before: float) -> None:
        """Looked for once more: what was left of a push may be of use to the next one by now."""
        store = self.mirror.store
        store.remove([name for name in self.mirror.unused(run_id) if store.facts(name)[1] < before])

    def run_bytes(self, run_id: str) -> int:
        """What a run's files take; of one that is not here, in the store."""
        if (super().run(run_id).root / STATE).exists():
            return super().run_bytes(run_id)
        try:
            return self.mirror.size(run_id)
        except UnderstudyError:
            return 0

    def make_room(self) -> int:
        """Give up folders until all take at most `cache_bytes`, the longest unused first; returns the bytes freed."""
        freed = 0
        if self.cache_bytes == float("inf"):
            return freed
        with self._evicting:
            there = (path.parent for path in (self.root / "runs").glob(f"*/{STATE}"))
            kept = [folder for folder in there if RUN_ID.fullmatch(folder.name)]
            sizes = {folder: super(MirroredHome, self).run_bytes(folder.name) for folder in kept}
            for folder in sorted(kept, key=_last_used):
                if sum(sizes.values()) - freed <= self.cache_bytes or time.time() - _last_used(folder) < _KEPT_S:
                    break
                if self._give_up(folder):
                    freed += sizes[folder]
        return freed

    def _follow(self, run_id: str, root: Path) -> None:
        is_new = not (root / STATE).exists()
        try:
            self.mirror.pull(run_id, wait=is_new)
            _note_use(root)
        except (UnderstudyError, OSError) as error:
            _log.warning("Run %s is shown as far as it is here: %s", run_id, error)
        if is_new:
            self.make_room()

    def _give_up(self, folder: Path) -> bool:
        """Remove a folder that is whole in the store, unless a process computes in it, or trains."""
        try:
            with ExitStack() as held:
                for path in (folder / ".lock", *folder.glob("person-*/policies/*/.lock")):
                    lock = held.enter_context(path.open("ab"))
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not self.mirror.give_up(folder.name):
                    return False
        except BlockingIOError:
            return False
        except OSError as error:  # somebody else is at it
            _log.warning("The folder of run %s stays: %s", folder.name, error)
            return False
        self._looked.pop(folder.name, None)
        return True


def _note_use(folder: Path) -> None:
    with suppress(FileNotFoundError):
        os.utime(folder / STATE)


def _last_used(folder: Path) -> float:
    try:
        return (folder / STATE).stat().st_mtime
    except FileNotFoundError:
        return time.time()
