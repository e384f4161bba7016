"""A picture of predictions over the truth: three views of the skeletons, the error of every joint, and over time."""

import numpy as np

from core.errors import BadInputError
from core.evaluation.comparing import Comparison
from core.evaluation.drawing import Drawing
from core.metrics.limb_joints import LIMB_BONES, LIMB_JOINTS, MID_HIP

Array = np.ndarray

_MARGIN, _VIEW, _HEAD, _BARS, _TIME = 16.0, 200.0, 54.0, 300.0, 84.0
_WIDTH = 2 * _MARGIN + 3 * _VIEW + _BARS + 24
_VIEWS = (("from ahead", (0, 1)), ("from its right", (2, 1)), ("from above", (0, 2)))
_LABEL_WIDTH, _NUMBER_WIDTH = 104.0, 62.0
_SHOULDERS = (LIMB_JOINTS.index("right_shoulder"), LIMB_JOINTS.index("left_shoulder"))


def middling_frame(comparison: Comparison) -> int:
    """The predicted frame whose PA-MPJPE is the median: neither the best nor the worst."""
    order = np.argsort(comparison.per_frame["pa_mpjpe"], kind="stable")
    return int(comparison.frames[order[(len(order) - 1) // 2]])


def draw(comparisons: list[Comparison], frame: int | None = None) -> Drawing:
    """One band for each comparison at a predicted `frame`: the middling one of the last unless given.

    The truth is grey; of the prediction, after Procrustes, the person's left is blue and whole, the right orange and
    dashed; thin red lines join what should lie on each other. `BadInputError` where the frame was compared in none.
    """
    frame = middling_frame(comparisons[-1]) if frame is None else frame
    shown = [c for c in comparisons if frame in c.frames]
    if not shown:
        raise BadInputError(f"Frame {frame} was not compared; the truth or the prediction lacks it.")
    with_time = any(len(c.frames) > 2 for c in shown)
    band = _HEAD + _VIEW + (_TIME if with_time else 0) + 12
    drawing = Drawing(_WIDTH, 34 + band * len(shown) + _MARGIN)
    _legend(drawing)
    longest = max(float(c.distances[_row(c, frame)].max()) for c in shown) or 1.0
    worst = max(float(c.per_frame["pa_mpjpe"].max()) for c in shown) or 1.0
    for i, comparison in enumerate(shown):
        row, top = _row(comparison, frame), 34 + i * band
        _band(drawing, comparison, row, top, longest)
        if with_time and len(comparison.frames) > 2:
            _over_time(drawing, comparison, row, top + _HEAD + _VIEW + 20, worst)
    return drawing


def _row(comparison: Comparison, frame: int) -> int:
    return int(np.flatnonzero(comparison.frames == frame)[0])


def _legend(drawing: Drawing) -> None:
    x = _MARGIN
    for colour, dashed, words, width in (
        ("truth", False, "truth", 5),
        ("left", False, "prediction, left side", 2.5),
        ("right", True, "prediction, right side", 2.5),
        ("miss", False, "what lies between", 1),
    ):
        drawing.line((x, 18), (x + 26, 18), colour, width, dashed)
        drawing.text(x + 34, 22, words)
        x += 34 + 7.0 * len(words) + 22


def _band(drawing: Drawing, c: Comparison, row: int, top: float, longest: float) -> None:
    drawing.line((_MARGIN, top), (_WIDTH - _MARGIN, top), "line", 0.6)
    drawing.text(_MARGIN, top + 22, c.title, 15)
    when = f" at {c.times[row]:.2f} s" if c.times is not None else ""
    error = _number(c, float(c.per_frame["pa_mpjpe"][row]))
    drawing.text(_MARGIN, top + 40, f"Frame {c.frames[row]}{when}: PA-MPJPE {error}", 12, "soft")
    truth, pred = _upright(c.truth[row], c.aligned[row], c.joints)
    size = float(np.abs(np.concatenate([truth, pred])).max()) or 1.0
    for i, (words, axes) in enumerate(_VIEWS):
        middle = (_MARGIN + _VIEW * (i + 0.5), top + _HEAD + _VIEW / 2)
        _skeletons(drawing, truth[:, axes], pred[:, axes], c.joints, middle, (_VIEW / 2 - 18) / size)
        drawing.text(middle[0], top + _HEAD + _VIEW, words, 11, "soft", "middle")
    _joint_bars(drawing, c, row, _WIDTH - _MARGIN - _BARS, top + _HEAD - 22, longest)


def _upright(truth: Array, pred: Array, joints: Array) -> tuple[Array, Array]:
    """Both [J, 3] in the true body's own axes: x to its right as seen from ahead (its left), y down, z forward.

    Whatever the file's axes are, a figure from ahead is one. The plane of hips and shoulders gives them; without these
    joints the axes stay as they are.
    """
    middle = (truth.max(axis=0) + truth.min(axis=0)) / 2
    rows = {joint: i for i, joint in enumerate(joints.tolist())}
    if not set(MID_HIP) | set(_SHOULDERS) <= rows.keys():
        return truth - middle, pred - middle
    right_hip, left_hip, right_shoulder, left_shoulder = (truth[rows[j]] for j in (*MID_HIP, *_SHOULDERS))
    up = (left_shoulder + right_shoulder - left_hip - right_hip) / 2
    left = left_hip - right_hip + left_shoulder - right_shoulder
    down = -up / max(float(np.linalg.norm(up)), 1e-9)
    left = left - (left @ down) * down
    left = left / max(float(np.linalg.norm(left)), 1e-9)
    axes = np.stack([left, down, np.cross(left, -down)])
    return (truth - middle) @ axes.T, (pred - middle) @ axes.T


def _skeletons(drawing: Drawing, truth: Array, pred: Array, joints: Array, middle, scale: float) -> None:
    rows = {joint: i for i, joint in enumerate(joints.tolist())}
    bones = [(a, b) for a, b in LIMB_BONES if a in rows and b in rows]
    truth, pred = truth * scale + middle, pred * scale + middle
    for a, b in bones:
        drawing.line(truth[rows[a]], truth[rows[b]], "truth", 5)
    for true, predicted in zip(truth, pred, strict=True):
        drawing.line(true, predicted, "miss", 1)
    for a, b in bones:
        right = LIMB_JOINTS[a].startswith("right")
        drawing.line(pred[rows[a]], pred[rows[b]], "right" if right else "left", 2.5, dashed=right)
    for joint, row in rows.items():
        drawing.dot(pred[row], 3, "right" if LIMB_JOINTS[joint].startswith("right") else "left")


def _joint_bars(drawing: Drawing, c: Comparison, row: int, x: float, top: float, longest: float) -> None:
    room = _BARS - _LABEL_WIDTH - _NUMBER_WIDTH
    for i, joint in enumerate(c.joints):
        y, distance = top + 18 * i, float(c.distances[row, i])
        drawing.text(x + _LABEL_WIDTH - 8, y + 11, LIMB_JOINTS[joint].replace("_", " "), 12, "ink", "end")
        drawing.bar(x + _LABEL_WIDTH, y + 2, max(room * distance / longest, 1.0), 10, "miss")
        drawing.text(x + _BARS, y + 11, _number(c, distance), 12, "ink", "end")


def _over_time(drawing: Drawing, c: Comparison, row: int, top: float, most: float) -> None:
    """PA-MPJPE of every frame, gaps left open, up to `most` for all bands alike; the shown frame is marked."""
    left, right, bottom = _MARGIN + 70, _WIDTH - _MARGIN, top + 46
    errors = c.per_frame["pa_mpjpe"]
    clock = c.frames.astype(float) if c.times is None else c.times
    span = float(clock[-1] - clock[0]) or 1.0
    points = np.column_stack([left + (right - left) * (clock - clock[0]) / span, bottom - 42 * errors / most])
    drawing.line((left, bottom), (right, bottom), "line", 0.8)
    for i in range(1, len(points)):
        if c.frames[i] - c.frames[i - 1] == 1:
            drawing.line(points[i - 1], points[i], "miss", 1.4)
        else:
            drawing.dot(points[i], 1.4, "miss")
    drawing.line((points[row, 0], top), (points[row, 0], bottom), "ink", 1)
    drawing.dot(points[row], 3, "ink")
    ends = [f"frame {t:.0f}" if c.times is None else f"{t:.2f} s" for t in (clock[0], clock[-1])]
    drawing.text(left - 8, top + 8, _number(c, most), 11, "soft", "end")
    drawing.text(left - 8, bottom, "0", 11, "soft", "end")
    drawing.text(left, bottom + 14, ends[0], 11, "soft")
    drawing.text(right, bottom + 14, ends[1], 11, "soft", "end")


def _number(c: Comparison, value: float) -> str:
    return f"{1000 * value:.0f} mm" if c.metric else f"{value:.3g}"
