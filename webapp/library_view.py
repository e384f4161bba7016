"""Runs as the library shows them: what each is, how much it takes on disk, and its moving picture."""

import threading
from pathlib import Path

from pydantic import BaseModel, Field

from core.arrays_on_disk import replacing
from core.errors import RunNotFoundError, UnderstudyError
from core.export.sources import motion_from_file
from core.export.sprites import sprite_strip
from core.jobs.home import Home
from core.jobs.records import RunRecord
from core.jobs.searching import kind_of
from core.run_folder import RunFolder
from webapp.run_view import artifact_url

_SHOWN = ("rollouts/sampling.npz", "rollouts/assisted.npz", "motion.npz")
"""What a moving picture is drawn of: the first that is there."""


class ListedRun(BaseModel):
    """A run in a list."""

    id: str
    name: str
    state: str = Field(description="queued, running, done, failed or cancelled")
    kind: str = Field(description="What it was made of: video, picture or link.")
    created: str = Field(description="ISO 8601, UTC.")
    window: list[float | None] = Field(description="Start and end in the source, in seconds; null is its end.")
    physics: str
    fraction: float = Field(description="How much of its stages is done, 0 to 1.")
    error: str | None
    bytes: int = Field(description="What its files take on disk.")
    deleted: bool
    preview_url: str | None = Field(description="A strip of small pictures (WebP), null while there is no motion.")
    picture_url: str | None = Field(description="A picture of the person, null where there is none.")


class RunList(BaseModel):
    """A page of a list of runs."""

    runs: list[ListedRun]
    total: int = Field(description="How many fit the search.")
    page: int
    pages: int


class DiskUse(BaseModel):
    """What a user's runs take on disk."""

    runs: int
    bytes: int
    deleted_runs: int = Field(description="Those that can still be brought back; not counted above.")
    deleted_bytes: int


def listed(run: RunRecord, home: Home, deleted: bool) -> ListedRun:
    """A run for the list."""
    folder = home.run(run.id)
    settings = run.settings
    shown = None if deleted else _shown(folder, run.is_finished)
    has_face = not deleted and folder.thumbnail(0).is_file()
    return ListedRun(
        id=run.id,
        name=run.name,
        state=run.state,
        kind=kind_of(run.source_name, str(settings.get("link") or "")),
        created=run.created.isoformat(),
        window=[float(settings.get("start_s") or 0.0), settings.get("end_s")],
        physics=str(settings.get("physics", "assisted")),
        fraction=sum(s.fraction if s.state != "waiting" else 0 for s in run.stages) / max(len(run.stages), 1),
        error=run.error,
        bytes=home.run_bytes(run.id),
        deleted=deleted,
        preview_url=f"/api/runs/{run.id}/preview.webp?of={_changed(shown)}" if shown else None,
        picture_url=artifact_url(run.id, "people/person-0.jpg") if has_face else None,
    )


def disk_use(runs: list[tuple[str, bool]], home: Home) -> DiskUse:
    """What runs [(id, deleted)] take on disk."""
    sizes = [(home.run_bytes(run_id), deleted) for run_id, deleted in runs]
    return DiskUse(
        runs=sum(not deleted for _, deleted in sizes),
        bytes=sum(size for size, deleted in sizes if not deleted),
        deleted_runs=sum(deleted for _, deleted in sizes),
        deleted_bytes=sum(size for size, deleted in sizes if deleted),
    )


class Previews:
    """Moving pictures of runs: drawn once, one at a time, and kept beside the run's files."""

    def __init__(self) -> None:
        self._drawing = threading.Lock()

    def of(self, folder: RunFolder, is_finished: bool) -> Path:
        """The strip of a run, drawn where it is not there yet; `RunNotFoundError` where there is no motion to show."""
        source = _shown(folder, is_finished)
        if source is None:
            raise RunNotFoundError("The run has no motion yet.")
        kept = folder.root / f".preview-{source.stem}.webp"  # hidden, hence no artifact
        if not _is_fresh(kept, source):
            with self._drawing:
                if not _is_fresh(kept, source):
                    _draw(source, kept)
        return kept


def _draw(source: Path, kept: Path) -> None:
    try:
        strip = sprite_strip(motion_from_file(source))
    except (UnderstudyError, FileNotFoundError) as error:
        raise RunNotFoundError("The motion of this run cannot be read.") from error
    with replacing(kept) as temporary:
        temporary.write_bytes(strip)


def _shown(folder: RunFolder, is_finished: bool) -> Path | None:
    """What is to be drawn; a run that is at work improves its performance every few seconds, its motion stays."""
    people = folder.people()
    if not people:
        return None
    root = folder.person(people[0])
    found = (root / name for name in (_SHOWN if is_finished else _SHOWN[-1:]))
    return next((path for path in found if path.is_file() and (root / "motion.npz").is_file()), None)


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns // 1_000_000


def _is_fresh(kept: Path, source: Path) -> bool:
    return kept.is_file() and kept.stat().st_mtime_ns >= source.stat().st_mtime_ns
