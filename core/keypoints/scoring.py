"""How well people were kept apart, measured against labels made by hand."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from core.motion import Track

TOLERANCE_PX = 110.0
"""A track is on a person when the middle of its box is this near to theirs: about a quarter of the labelled people."""


@dataclass(frozen=True)
class LabelledPerson:
    """Where a person is: `visible` [T] bool, `centres` [T,2] px (of the box, interpolated between the labels)."""

    name: str
    visible: np.ndarray
    centres: np.ndarray


def read_labels(path: Path) -> list[LabelledPerson]:
    """The people in a JSON file of labels.

    {"frames": T, "people": {name: {"visible": [[first, last], ...], "centres": {frame: [x, y], ...}}}}
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    frames, people = np.arange(content["frames"]), []
    for name, person in content["people"].items():
        visible = np.zeros(len(frames), bool)
        for first, last in person["visible"]:
            visible[first : last + 1] = True
        at = np.array([int(frame) for frame in person["centres"]])
        places = np.array(list(person["centres"].values()), float)
        centres = np.column_stack([np.interp(frames, at, places[:, axis]) for axis in (0, 1)])
        people.append(LabelledPerson(name, visible, centres))
    return people


@dataclass(frozen=True)
class Identity:
    """`swaps`: how often a person's track changes to another one. `coverage`: name -> share of the frames in which the
    person is visible that their (most frequent) track has them."""

    swaps: int
    coverage: dict[str, float]


def score_identity(tracks: Sequence[Track], people: Sequence[LabelledPerson], first_frame: int = 0) -> Identity:
    """Score tracks; `first_frame` is the labelled frame that the tracks begin with."""
    swaps, coverage = 0, {}
    for person in people:
        owners = []
        for i in range(len(tracks[0])):
            if person.visible[first_frame + i]:
                owners.append(_owner(tracks, i, person.centres[first_frame + i]))
        found = [owner for owner in owners if owner is not None]
        swaps += sum(a != b for a, b in pairwise(found))
        coverage[person.name] = max((owners.count(n) for n in set(found)), default=0) / max(len(owners), 1)
    return Identity(swaps, coverage)


def _owner(tracks: Sequence[Track], frame: int, centre: np.ndarray) -> int | None:
    distances = [
        float(
            np.linalg.norm(track.boxes[frame].reshape(2, 2).mean(axis=0) - centre) if track.present[frame] else np.inf
        )
        for track in tracks
    ]
    best = int(np.argmin(distances))
    return best if distances[best] <= TOLERANCE_PX else None
