"""A challenge as a picture: two heat maps, time to fall and return, policies down, motions across."""

import numpy as np

from core.evaluation.drawing import Drawing
from core.imitation.challenge import Cell, Matrix
from core.imitation.shipped import own_clip

_MARGIN, _LABELS, _CELL, _ROW, _HEAD = 24.0, 132.0, 64.0, 40.0, 64.0
_TITLE, _BETWEEN, _LEGEND = 76.0, 30.0, 44.0

# One hue from light to dark, readable by the colour-blind and in print.
_LOW, _MIDDLE, _HIGH = np.array([247, 241, 229]), np.array([118, 178, 178]), np.array([14, 77, 92])
_EMPTY = "#e6e4ea"


def draw_challenge(matrix: Matrix) -> Drawing:
    """The matrix as a drawing (`Drawing.png`, `Drawing.svg`).

    In each cell the mean over the starts; "up" where all of them stayed up; a frame where the policy carries the name
    of the motion. Above, darker is longer; below, darker is a greater return.
    """
    rows, columns = len(matrix.policies), len(matrix.motions)
    band = _HEAD + rows * _ROW
    width = max(2 * _MARGIN + _LABELS + columns * _CELL, 560.0)
    drawing = Drawing(width, _TITLE + 2 * band + _BETWEEN + _LEGEND + _MARGIN)
    longest = max((cell.seconds for cell in matrix.cells), default=0.0) or 1.0
    starts = matrix.settings.rollouts.starts
    drawing.text(_MARGIN, 32, "Policies on motions", 20)
    tries = "from the beginning" if starts == 1 else f"mean of {starts} starts where the motion loops"
    span = f"{longest:g} s each, or to the end of a motion that does not loop"
    drawing.text(_MARGIN, 51, f"{span};", 12, "soft")
    drawing.text(_MARGIN, 67, f"{tries}; framed: the policy's own motion", 12, "soft")
    _map(drawing, matrix, _TITLE, "Time to fall (s)", _fall_share, _fall_words)
    _map(drawing, matrix, _TITLE + band + _BETWEEN, "Return, zeros after the fall", _return_share, _return_words)
    _legend(drawing, _TITLE + 2 * band + _BETWEEN + 18)
    return drawing


def _map(drawing: Drawing, matrix: Matrix, top: float, title: str, share, words) -> None:
    drawing.text(_MARGIN, top + 22, title, 14)
    left = _MARGIN + _LABELS
    for j, motion in enumerate(matrix.motions):
        for line, part in enumerate(_two_lines(motion)):
            drawing.text(left + (j + 0.5) * _CELL, top + 40 + 13 * line, part, 11, "soft", "middle")
    for i, policy in enumerate(matrix.policies):
        y = top + _HEAD + i * _ROW
        drawing.text(left - 10, y + _ROW / 2 + 4, _shortened(policy), 12, "ink", "end")
        for j, motion in enumerate(matrix.motions):
            x, cell = left + j * _CELL, matrix.cell(policy, motion)
            filled = None if cell.problem else share(cell)
            drawing.bar(x + 1, y + 1, _CELL - 2, _ROW - 2, _EMPTY if filled is None else _colour(filled))
            ink = "#ffffff" if filled is not None and filled > 0.62 else "ink"
            drawing.text(x + _CELL / 2, y + _ROW / 2 + 4.5, "none" if cell.problem else words(cell), 13, ink, "middle")
            if motion == own_clip(policy):
                _frame(drawing, x + 1, y + 1, _CELL - 2, _ROW - 2)


def _frame(drawing: Drawing, x: float, y: float, width: float, height: float) -> None:
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
        drawing.line(start, end, "right", 2.5)


def _legend(drawing: Drawing, y: float) -> None:
    left, width, steps = _MARGIN + _LABELS, 220.0, 44
    for k in range(steps):
        drawing.bar(left + k * width / steps, y, width / steps + 0.5, 10, _colour((k + 0.5) / steps))
    drawing.text(left, y + 24, "fell at once; 0", 11, "soft")
    drawing.text(left + width, y + 24, "up to the end; 1", 11, "soft", "end")


def _fall_share(cell: Cell) -> float:
    return cell.mean_fall_s / cell.seconds


def _fall_words(cell: Cell) -> str:
    return "up" if cell.up == len(cell.falls) else f"{cell.mean_fall_s:.1f}"


def _return_share(cell: Cell) -> float:
    return cell.mean_return


def _return_words(cell: Cell) -> str:
    return f"{cell.mean_return:.2f}"


def _colour(share: float) -> str:
    share = float(np.clip(share, 0, 1))
    low, high, t = (_LOW, _MIDDLE, 2 * share) if share < 0.5 else (_MIDDLE, _HIGH, 2 * share - 1)
    return "#" + "".join(f"{round(v):02x}" for v in low + t * (high - low))


def _two_lines(name: str) -> list[str]:
    parts = name.split("_", 1)
    return ["", _shortened(name, 10)] if len(parts) == 1 else [_shortened(part, 10) for part in parts]


def _shortened(name: str, most: int = 18) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
