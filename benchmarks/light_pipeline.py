"""A pipeline in the shape of `core.pipeline` that computes next to nothing: what is left is the machinery around it.

Each stage writes one file whose content follows from the run's id, so that damage shows, and holds a lock meanwhile, so
that two at once show: the file `doubled` in a run's folder says that there were. `begun.txt` has a line for each time
that a stage began.
"""

import fcntl
import hashlib
import time
from dataclasses import asdict, dataclass
from typing import Any, Self

from core.arrays_on_disk import replacing
from core.progress import Progress
from core.run_folder import RunFolder


@dataclass(frozen=True)
class RunSettings:
    """What the site fills in, and how long a stage takes [s]."""

    start_s: float = 0.0
    end_s: float | None = None
    person: str = "0"
    keypoints: str = "blazepose"
    physics: str = "none"
    sampling: str = "quick"
    device: str = "cpu"
    engine: str = "auto"
    seed: int = 0
    max_seconds: float = 120.0
    stage_s: float = 0.2

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """From plain JSON."""
        return cls(**content)


@dataclass(frozen=True)
class Stage:
    """A stage's name and title."""

    name: str
    title: str


STAGES = (Stage("first", "The first stage"), Stage("second", "The second stage"), Stage("third", "The third stage"))


def content_of(stage: str, run_id: str) -> bytes:
    """What a stage writes: 64 kB."""
    return hashlib.shake_256(f"{stage} {run_id}".encode()).digest(1 << 16)


def applies(stage: Stage, folder: RunFolder, settings: RunSettings) -> bool:
    """All of them do."""
    return True


def run_stage(stage: Stage, folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    """Write the stage's file, slowly."""
    with (folder.root / f".{stage.name}.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            (folder.root / "doubled").touch()
        with (folder.root / "begun.txt").open("a") as begun:
            begun.write(f"{stage.name}\n")
        content = content_of(stage.name, folder.root.name)
        with replacing(folder.root / f"{stage.name}.bin") as path, path.open("wb") as file:
            for i in range(16):
                file.write(content[i << 12 : (i + 1) << 12])
                file.flush()
                progress((i + 1) / 16, "")
                time.sleep(settings.stage_s / 16)


def is_whole(folder: RunFolder) -> bool:
    """Whether every stage's file is there and as it should be."""
    paths = {stage.name: folder.root / f"{stage.name}.bin" for stage in STAGES}
    wanted = {name: content_of(name, folder.root.name) for name in paths}
    return all(path.is_file() and path.read_bytes() == wanted[name] for name, path in paths.items())


def each_stage_once(folder: RunFolder) -> bool:
    """Whether every stage began exactly once."""
    path = folder.root / "begun.txt"
    return path.is_file() and path.read_text().split() == [stage.name for stage in STAGES]
