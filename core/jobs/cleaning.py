"""What lies in a home and belongs to nothing: after kills, failed uploads, broken restores; policies long deleted."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from core.arrays_on_disk import is_temporary
from core.export.bundle_opening import OPENING
from core.jobs.database import READS_ONLY
from core.jobs.home import RUN_ID, Home
from core.jobs.policies import deleted_policies, remove_policy
from core.jobs.store import KEPT_AFTER_DELETION
from core.jobs.tables import Run
from core.training_folder import training_folder

_HOUR_S = 3600.0


@dataclass(frozen=True)
class Orphan:
    """A file or folder that nothing needs any more."""

    path: Path
    bytes: int
    why: str
    removal: Callable[[], None] | None = None
    """How it is removed where it is no file of this machine."""

    def remove(self) -> None:
        """Delete it."""
        if self.removal is not None:
            self.removal()
        elif self.path.is_dir() and not self.path.is_symlink():
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            self.path.unlink(missing_ok=True)


def find_orphans(engine: sa.Engine, home: Home, now: float | None = None) -> list[Orphan]:
    """All orphans; what was touched within the hour may be somebody's work and is left alone.

    Only names that Understudy itself gives are looked at: what a person put into the home stays.
    """
    now = time.time() if now is None else now
    with engine.execution_options(**READS_ONLY).connect() as connection:
        states = {row.id: row.state for row in connection.execute(sa.select(Run.id, Run.state))}
    found = []
    for folder in _in(home.root / "runs"):
        if folder.name.startswith(OPENING):
            found.append((folder, "a run's zip whose opening was broken off"))
        if not RUN_ID.fullmatch(folder.name):
            continue
        if folder.name not in states:
            found.append((folder, "no run has this id"))
        elif states[folder.name] not in ("queued", "running"):
            parts = (path for path in folder.rglob(".*") if path.is_file() and is_temporary(path))
            found += [(path, "a file that was never finished") for path in parts]
    found += [(path, "an upload that became no run") for path in _in(home.uploads)]
    found += [(path, "a restore that was broken off") for path in _in(home.root) if path.name.startswith("restoring-")]
    orphans = (Orphan(path, _bytes(path), why) for path, why in found if _newest(path) < now - _HOUR_S)
    elsewhere = (Orphan(Path(e.name), e.bytes, e.why, e.remove) for e in home.litter(set(states), now - _HOUR_S))
    deleted = _deleted_policies(engine, home, now)
    return sorted([*orphans, *elsewhere, *deleted], key=lambda orphan: orphan.path)


def _deleted_policies(engine: sa.Engine, home: Home, now: float) -> list[Orphan]:
    found = []
    for place in deleted_policies(engine, datetime.fromtimestamp(now, UTC) - KEPT_AFTER_DELETION):
        path = training_folder(home.run(place.run_id), place.person, place.training_id).root
        why = f"a policy that was deleted more than {KEPT_AFTER_DELETION.days} days ago"
        size = _bytes(path) if path.exists() else 0  # it may be in the store alone
        found.append(Orphan(path, size, why, partial(remove_policy, engine, home, place)))
    return found


def _in(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _all(path: Path) -> list[Path]:
    return [path, *path.rglob("*")] if path.is_dir() and not path.is_symlink() else [path]


def _bytes(path: Path) -> int:
    return sum(each.lstat().st_size for each in _all(path) if not each.is_dir())


def _newest(path: Path) -> float:
    return max(each.lstat().st_mtime for each in _all(path))
