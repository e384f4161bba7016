"""OpenPose's JSON (Cao et al. 2019): one file a frame in a folder or a zip, or all frames in one file.

Points are pixels of the picture that OpenPose saw, which is taken to be the source video, every frame of it, upright. A
frame is matched to the clip by its time. As many frames as the clip has mean that OpenPose was run on the clip itself.
"""

import itertools
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import BadInputError
from core.keypoints.skeleton_maps import BY_COUNT, NAMES, to_blazepose

Array = np.ndarray

MAX_FILES, MAX_BYTES = 200_000, 400_000_000
WANTED = "OpenPose's JSON: a folder or zip of one file per frame, or one file with a list of frames"
_NUMBER = re.compile(r"(\d+)(?:_keypoints)?$")


@dataclass(frozen=True)
class Recording:
    """What OpenPose wrote: everybody's points [33,3] (x, y, visibility) by frame number; `normalised` where x and y are
    shares of the picture rather than px."""

    frames: dict[int, list[Array]]
    skeleton: str
    normalised: bool

    @property
    def length(self) -> int:
        """The number of the last frame, plus one."""
        return max(self.frames) + 1

    @property
    def step(self) -> int:
        """The smallest distance of two frames (OpenPose's --frame_step)."""
        numbers = sorted(self.frames)
        return min((b - a for a, b in itertools.pairwise(numbers)), default=1)

    @property
    def starts_at_one(self) -> bool:
        """Whether the first frame has the number 1, as it has in pictures that ffmpeg wrote; OpenPose's own is 0."""
        return min(self.frames) == 1

    @property
    def gapless(self) -> bool:
        """Whether every frame from the first to the last is there."""
        return len(self.frames) == self.length - min(self.frames)

    def one_earlier(self) -> "Recording":
        """The same with every number lower by one."""
        return replace(self, frames={number - 1: people for number, people in self.frames.items()})


def read_openpose(path: Path) -> Recording:
    """Read a folder, zip or file; `BadInputError` says what is wrong with it."""
    path = Path(path)
    if path.is_dir() or zipfile.is_zipfile(path):
        frames = _numbered(list(_documents(path)), path)
    elif path.is_file():
        frames = _frames_in_one(_parsed(_bytes(path), path.name), path)
    else:
        raise BadInputError(f"Keypoints should be {WANTED}, but {path} does not exist.")
    people = {index: _people(frame, where) for index, (where, frame) in frames.items()}
    counts = {len(points) for frame in people.values() for points in frame}
    if not counts:
        raise BadInputError(f"{path.name} should hold keypoints of people, but nobody is in any of its frames.")
    if len(counts) > 1:
        raise BadInputError(
            f"{path.name} should have one skeleton throughout, but has people of "
            f"{' and '.join(map(str, sorted(counts)))} points."
        )
    count = counts.pop()
    everything = np.concatenate([points[points[:, 2] > 0, :2] for frame in people.values() for points in frame])
    mapped = {i: [to_blazepose(points, BY_COUNT[count]) for points in frame] for i, frame in people.items()}
    return Recording(mapped, NAMES[count], bool(len(everything) and everything.max() <= 1.0))


def _documents(path: Path) -> Iterator[tuple[str, Any]]:
    """(name, parsed JSON) of every JSON file in a folder or zip, by name."""
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.suffix.lower() == ".json")
        _limit(len(files), sum(each.stat().st_size for each in files), path)
        for each in files:
            yield each.name, _parsed(each.read_bytes(), each.name)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            found = [i for i in archive.infolist() if i.filename.lower().endswith(".json") and not _hidden(i.filename)]
            _limit(len(found), sum(i.file_size for i in found), path)
            for info in sorted(found, key=lambda i: i.filename):
                yield info.filename, _parsed(archive.read(info), info.filename)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        raise BadInputError(f"{path.name} should be a zip of {WANTED}, but cannot be unpacked: {error}.") from error


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__")) for part in name.split("/"))


def _limit(files: int, size: int, path: Path) -> None:
    if files > MAX_FILES or size > MAX_BYTES:
        raise BadInputError(f"{path.name} holds {files} files of {size} bytes; at most 200,000 and 400 MB are read.")


def _bytes(path: Path) -> bytes:
    _limit(1, path.stat().st_size, path)
    return path.read_bytes()


def _parsed(content: bytes, name: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"{name} should be JSON as OpenPose writes it, but cannot be read: {error}.") from error


def _numbered(documents: list[tuple[str, Any]], path: Path) -> dict[int, tuple[str, Any]]:
    """Frames by the number in the file's name (NAME_000000000012_keypoints.json), else by the order of names."""
    if not documents:
        raise BadInputError(f"{path.name} should be {WANTED}, but holds no JSON file.")
    found = [_NUMBER.search(name.rsplit("/", 1)[-1].removesuffix(".json")) for name, _ in documents]
    numbers = [int(each.group(1)) for each in found if each]
    if len(set(numbers)) == len(documents):
        return dict(zip(numbers, documents, strict=True))
    return dict(enumerate(documents))


def _frames_in_one(content: Any, path: Path) -> dict[int, tuple[str, Any]]:
    if isinstance(content, dict) and "frames" in content:
        content = content["frames"]
    frames = [content] if isinstance(content, dict) else content
    if not isinstance(frames, list):
        raise BadInputError(f"{path.name} should be {WANTED}, but holds a {type(content).__name__}.")
    if not frames:
        raise BadInputError(f"{path.name} should hold frames, but holds none.")
    return {index: (f"frame {index} of {path.name}", frame) for index, frame in enumerate(frames)}


def _people(frame: Any, where: str) -> list[Array]:
    """Everybody's points [K,3] in one frame."""
    people = frame.get("people") if isinstance(frame, dict) else None
    if not isinstance(people, list):
        raise BadInputError(f"{where} should be an object with a list 'people' as OpenPose writes it, but is not.")
    return [points for person in people if len(points := _points(person, where))]


def _points(person: Any, where: str) -> Array:
    flat = person.get("pose_keypoints_2d", person.get("pose_keypoints")) if isinstance(person, dict) else None
    try:
        numbers = np.array(flat, float)
    except (TypeError, ValueError):
        numbers = np.full(1, np.nan)
    if numbers.ndim != 1 or not np.isfinite(numbers).all() or (np.abs(numbers) > 1e6).any():
        raise BadInputError(f"{where}: each of the people should have a list of numbers 'pose_keypoints_2d'.")
    if len(numbers) == 0:
        return np.zeros((0, 3))
    if len(numbers) % 3 or len(numbers) // 3 not in BY_COUNT:
        raise BadInputError(
            f"{where}: a person should have 75 numbers (BODY_25) or 54 (COCO-18), three a point, but has "
            f"{len(numbers)}."
        )
    points = numbers.reshape(-1, 3)
    points[:, 2] = np.clip(points[:, 2], 0, 1)
    return points
