"""A person says who is who: "from this frame on, person 1 is the one standing here"."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.errors import BadInputError
from core.keypoints.skeletons import INDEX
from core.motion import Track

REACH = 0.15
"""A point this far outside a box, in box heights, still means its person."""
_TRUNK = [INDEX[name] for name in ("left_shoulder", "right_shoulder", "left_hip", "right_hip")]


@dataclass(frozen=True)
class Correction:
    """From `frame` on, person `person` is whoever is at the point `x`, `y` (px of the clip) in that frame."""

    frame: int
    x: float
    y: float
    person: int

    def __post_init__(self) -> None:
        if self.frame < 0 or self.person < 0:
            raise BadInputError(
                f"A correction should name a frame and a person from 0, but names frame {self.frame} and person "
                f"{self.person}."
            )
        if not (math.isfinite(self.x) and math.isfinite(self.y)):
            raise BadInputError(f"A correction should name a point in px, but names ({self.x}, {self.y}).")

    @classmethod
    def from_json(cls, content: "Correction | dict[str, Any]") -> "Correction":
        """From {"frame": i, "x": px, "y": px, "person": n}; `BadInputError` for anything else."""
        if isinstance(content, Correction):
            return content
        try:
            frame, person = int(content["frame"]), int(content["person"])
            return cls(frame, float(content["x"]), float(content["y"]), person)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BadInputError(
                f"A correction should have the numbers frame, x, y and person, but is {content!r}."
            ) from error


def person_at(tracks: Sequence[Track], frame: int, x: float, y: float) -> int | None:
    """Whose body is at a point (px) in a frame: the index into `tracks`, None where nobody is.

    Of several boxes around the point the one whose trunk is nearest counts.
    """
    best, nearest = None, math.inf
    for n, track in enumerate(tracks):
        if not 0 <= frame < len(track) or not track.present[frame]:
            continue
        x0, y0, x1, y1 = track.boxes[frame]
        slack = REACH * (y1 - y0)
        if not (x0 - slack <= x <= x1 + slack and y0 - slack <= y <= y1 + slack):
            continue
        trunk = track.keypoints[frame, _TRUNK, :2].mean(axis=0)
        distance = float(np.hypot(*(trunk - (x, y)))) / max(y1 - y0, 1.0)
        if distance < nearest:
            best, nearest = n, distance
    return best


def corrected(tracks: Sequence[Track], corrections: Sequence[Correction]) -> list[Track]:
    """The tracks with their ends exchanged as the corrections say, one after another in the order given.

    Nothing is lost: what the named person's track held from that frame on goes to the track that gave its end.
    Raises `BadInputError` where a correction names a person or a frame that there is not, or a place with nobody.
    """
    spliced = list(tracks)
    for each in corrections:
        if each.person >= len(spliced):
            raise BadInputError(
                f"A correction names person {each.person}, but the people found are numbered 0 to {len(spliced) - 1}."
            )
        length = len(spliced[each.person])
        if each.frame >= length:
            raise BadInputError(f"A correction names frame {each.frame}, but the clip has {length} frames.")
        other = person_at(spliced, each.frame, each.x, each.y)
        if other is None:
            raise BadInputError(
                f"A correction should point at somebody, but nobody was followed at ({each.x:.0f}, {each.y:.0f}) px in "
                f"frame {each.frame}. Point at a skeleton, or choose another frame."
            )
        if other != each.person:
            spliced[each.person], spliced[other] = exchanged(spliced[each.person], spliced[other], each.frame)
    return spliced


def exchanged(a: Track, b: Track, frame: int) -> tuple[Track, Track]:
    """Two tracks that have exchanged everything from `frame` on."""

    def spliced(start: Track, end: Track) -> Track:
        arrays: dict[str, Any] = {
            name: np.concatenate([getattr(start, name)[:frame], getattr(end, name)[frame:]])
            for name in ("keypoints", "world", "boxes")
        }
        return replace(start, **arrays)

    return spliced(a, b), spliced(b, a)
