"""Where everything of a run lies: the names of its artifacts, in one place."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.arrays_on_disk import replacing
from core.errors import BadInputError, RunNotFoundError


@dataclass(frozen=True)
class RunFolder:
    """A run's folder; the properties are paths in it, which may not exist yet."""

    root: Path

    @property
    def clip(self) -> Path:
        """The normalised window (`Clip`)."""
        return self.root / "clip.mp4"

    @property
    def record(self) -> Path:
        """run.json: settings, versions, seeds, seconds per stage."""
        return self.root / "run.json"

    @property
    def metrics(self) -> Path:
        """metrics.json: person -> stage -> figure."""
        return self.root / "metrics.json"

    def person(self, index: int) -> Path:
        """The folder of person `index` (0-based, largest on screen first)."""
        return self.root / f"person-{index}"

    @property
    def people_record(self) -> Path:
        """people.json: everybody who was found, one entry a person."""
        return self.root / "people.json"

    @property
    def sightings(self) -> Path:
        """Keypoints as they are found, there while they are looked for (`core.keypoints.sightings`)."""
        return self.root / ".seen.jsonl"

    def found_track(self, index: int) -> Path:
        """Person `index`'s track as it was found, chosen or not, before any correction."""
        return self.root / "people" / f"person-{index}.npz"

    def thumbnail(self, index: int) -> Path:
        """A small picture of person `index`, to choose by."""
        return self.root / "people" / f"person-{index}.jpg"

    def has_found(self) -> bool:
        """Whether people were looked for, and the track of everybody in people.json is there."""
        known = read_json(self.people_record)
        return bool(known) and all(self.found_track(each["number"]).is_file() for each in known.get("people", []))

    def people(self) -> list[int]:
        """The people whose tracks are there."""
        found = (p.parent.name.removeprefix("person-") for p in self.root.glob("person-*/track.npz"))
        return sorted(int(name) for name in found if name.isdecimal())

    def source(self) -> Path:
        """The one file in source/, which the run was started with."""
        files = [p for p in (self.root / "source").glob("*") if p.is_file() and not p.name.startswith(".")]
        if len(files) != 1:
            raise RunNotFoundError(f"The run's folder should hold one source file, but holds {len(files)}.")
        return files[0]

    def has_source(self) -> bool:
        """Whether the source is there: a run of a link begins without, and footage can be deleted."""
        return any(p.is_file() and not p.name.startswith(".") for p in (self.root / "source").glob("*"))

    def artifacts(self) -> list[Path]:
        """Every finished file of the run relative to its folder, the source and hidden files left out."""
        paths = (p.relative_to(self.root) for p in self.root.rglob("*") if p.is_file())
        return sorted(p for p in paths if p.parts[0] != "source" and not any(x.startswith(".") for x in p.parts))


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; {} where the file does not exist."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise BadInputError(f"{path.name} should hold JSON, but does not: {error}") from error
    if not isinstance(content, dict):
        raise BadInputError(f"{path.name} should hold a JSON object, but holds a {type(content).__name__}.")
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object, atomically; NaN is not JSON and is refused."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
