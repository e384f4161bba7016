"""Draw how policies learned: their evaluations over samples, one line a training, a panel for each figure.

    python tools/plot_training_curves.py PICTURE.png LABEL=DIR [LABEL=DIR ...] [--show seconds_up]

For pictures such as docs/pictures/training-curves.png, or, of seconds_up alone, policy-curves.png. What a guided
training spends before its first evaluation (on its expert, the network's lessons and the value function) is a dashed
line on the ground.
"""

import argparse
import itertools
import sys
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.evaluation.drawing import Drawing
from core.imitation.ppo.curve import read_curve

PANELS = {"return": "return, mean over the full horizon", "seconds_up": "seconds up"}
COLOURS = ("#d9722b", "#2f74c9", "#3c9a5f", "#8a5bb0", "#cf4059", "#85838d")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM, LEGEND = 620, 400, 56, 24, 40, 52, 22
"""Of a panel; a line of the legend is LEGEND high."""

Lines = list[dict[str, Any]]


def draw(curves: dict[str, Lines], names: tuple[str, ...] = tuple(PANELS)) -> Drawing:
    """The picture of `curves`, label to lines of curve.jsonl; panels are `names` of PANELS, side by side."""
    most = max(line["samples"] for lines in curves.values() for line in lines)
    drawing = Drawing(WIDTH * len(names), HEIGHT + LEGEND * len(curves) + 8)
    for i, name in enumerate(names):
        _panel(drawing, i * WIDTH, name, curves, most)
    for k, label in enumerate(curves):
        y = HEIGHT + LEGEND * k + LEGEND / 2
        drawing.line((LEFT, y), (LEFT + 32, y), COLOURS[k % len(COLOURS)], 3)
        drawing.text(LEFT + 42, y + 4, label, 13)
    return drawing


def _panel(drawing: Drawing, corner: float, name: str, curves: dict[str, Lines], most: float) -> None:
    values = [line[name] for lines in curves.values() for line in lines if name in line]
    highest = 1.0 if max(values, default=0) <= 1 else 5.0 * -(-max(values) // 5)

    def at(samples: float, value: float) -> tuple[float, float]:
        across, up = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return corner + LEFT + samples / most * across, HEIGHT - BOTTOM - value / highest * up

    drawing.text(corner + LEFT, TOP - 16, PANELS[name], 13)
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y = at(share * most, share * highest)
        drawing.line(at(0, share * highest), at(most, share * highest), "#dddddd")
        drawing.text(corner + LEFT - 8, y + 4, f"{share * highest:g}", 12, anchor="end")
        drawing.text(x, HEIGHT - BOTTOM + 18, f"{share * most / 1e6:.2g} M", 12, anchor="middle")
    drawing.text(corner + WIDTH / 2, HEIGHT - 14, "samples (policy steps, in all)", 12, "soft", "middle")
    for k, lines in enumerate(curves.values()):
        colour = COLOURS[k % len(COLOURS)]
        before = max((line["samples"] for line in lines if "stage" in line), default=0)
        if before:
            drawing.line(at(0, 0), at(before, 0), colour, 3, dashed=True)
        points = [at(*point) for point in sorted((line["samples"], line[name]) for line in lines if name in line)]
        for start, end in itertools.pairwise(points):
            drawing.line(start, end, colour, 2)
        for point in points:
            drawing.dot(point, 2.5, colour)


def main() -> None:
    """Read, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    parser.add_argument("curves", nargs="+", help="LABEL=DIR, the folder of a training")
    parser.add_argument("--show", nargs="+", choices=PANELS, default=tuple(PANELS), metavar="FIGURE")
    given = parser.parse_intermixed_args()
    pairs = (each.rpartition("=") for each in given.curves)
    found = {label: read_curve(Path(folder)) for label, _, folder in pairs}
    if empty := [label for label, lines in found.items() if not lines]:
        parser.error(f"There is no curve.jsonl with lines in the folder of {', '.join(empty)}.")
    drawing = draw(found, tuple(given.show))
    given.picture.parent.mkdir(parents=True, exist_ok=True)
    given.picture.write_bytes(drawing.png())


if __name__ == "__main__":
    main()
