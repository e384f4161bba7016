"""The table of an evaluation: a row for every figure, a column for every prediction, and what the figures mean."""

import math
from dataclasses import dataclass
from typing import Any

from core.errors import BadInputError
from core.evaluation.comparing import Comparison, compare
from core.evaluation.poses import Poses
from core.metrics.limb_joints import LIMB_JOINTS
from core.notices import notice


@dataclass(frozen=True)
class Figure:
    """A row: its key in `Comparison.figures`, head, unit ("" takes the truth's), digits, meaning.

    `compares` tells whether less is better; otherwise the figure only describes.
    """

    key: str
    head: str
    unit: str
    digits: int
    meaning: str
    compares: bool = True


BEST = "◆"
FIGURES = (
    Figure("pa_mpjpe", "PA-MPJPE", "", 1, "mean joint error after similarity Procrustes of each frame"),
    Figure("std", "Std", "", 1, "standard deviation of a frame's joint errors after Procrustes", False),
    Figure("max", "Max", "", 1, "its worst joint's error"),
    Figure("std_minmax", "Std, min-max", "0 to 1", 3, "that deviation after scaling a frame's errors to 0 to 1", False),
    Figure("mpjpe", "MPJPE", "", 1, "mean joint error with the mid hips laid upon each other, axes as they are"),
    Figure("mpjpe_turned", "MPJPE, turned", "", 1, "the same after one rotation for the whole clip"),
    Figure("acceleration_error", "Accel. error", "m/s²", 2, "mean difference of the joints' accelerations, turned so"),
)


@dataclass(frozen=True)
class Report:
    """Comparisons with one truth, a column each."""

    comparisons: list[Comparison]

    @property
    def metric(self) -> bool:
        return self.comparisons[0].metric

    def figures(self) -> list[Figure]:
        """The rows that some row has a number for."""
        return [f for f in FIGURES if any(c.figures[f.key] is not None for c in self.comparisons)]

    def rows(self) -> list[tuple[str, list[str]]]:
        """For the frames compared, and for every figure: its head with the unit, and a text for each comparison.

        A figure that is not defined is a dash; of several rows of predictions the best is marked.
        """
        unit = "mm" if self.metric else "truth's unit"
        rows = [("Frames compared", [f"{len(c.frames)} of {c.asked}" for c in self.comparisons])]
        for f in self.figures():
            texts = [_text(c.figures[f.key], f.digits) for c in self.comparisons]
            rows.append((f"{f.head} ({f.unit or unit})", _with_best(texts) if f.compares else texts))
        return rows

    def legend(self) -> list[str]:
        """What the figures mean, a line each."""
        lines = ["All are means over the frames compared, after leaving out those without the person."]
        lines += [f"{f.head}: {f.meaning}{', less is better' if f.compares else ''}." for f in self.figures()]
        if len(self.comparisons) > 1:
            lines.append(f"{BEST} marks the best of a row.")
        if any(c.frames.tolist() != self.comparisons[0].frames.tolist() for c in self.comparisons):
            lines.append("Not all were compared over the same frames: who misses the hard ones has it easier.")
        if self.metric:
            lines.append(
                "MPJPE has a meaning only where both sides share their axes; between a camera's and a laboratory's, "
                "read the turned one."
            )
        else:
            lines.append(
                "Nobody told the truth's unit, so there are no errors without scaling and none in millimetres."
            )
        return lines

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON: figures as in the table, and per frame in metres (or the truth's unit)."""
        return {
            "unit": "mm" if self.metric else "unknown",
            "predictions": [_as_json(c) for c in self.comparisons],
        }


def report(predictions: list[Poses], truth: Poses, frame: int | None = None, offset_s: float = 0.0) -> Report:
    """Compare every prediction with the truth; one that cannot be compared is told as a notice, unless all are."""
    made, troubles = [], []
    for pred in predictions:
        try:
            made.append(compare(pred, truth, frame, offset_s))
        except BadInputError as error:
            troubles.append(error)
    if not made:
        raise troubles[0] if troubles else BadInputError("A prediction is expected, but there is none.")
    for trouble in troubles:
        notice(str(trouble))
    return Report(made)


def _as_json(c: Comparison) -> dict[str, Any]:
    return {
        "name": c.name,
        "title": c.title,
        "frames_compared": len(c.frames),
        "frames_asked": c.asked,
        "figures": c.figures,
        "joints": [LIMB_JOINTS[j] for j in c.joints],
        "frames": c.frames.tolist(),
        "times": None if c.times is None else c.times.round(4).tolist(),
        "per_frame": {name: values.round(6).tolist() for name, values in c.per_frame.items()},
        "distances": c.distances.round(6).tolist(),
    }


def _with_best(texts: list[str]) -> list[str]:
    """The texts with the least marked, unless there is nothing to compare or all are alike."""
    values = [float(text) for text in texts if text != "–"]
    if len(set(values)) < 2:
        return texts
    return [f"{BEST} {text}" if text != "–" and float(text) == min(values) else text for text in texts]


def _text(value: float | None, digits: int) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"
