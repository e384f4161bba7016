"""Draw how trainings went: seconds up over samples, one line a training.

    python tools/plot_policy_curves.py PICTURE.png LABEL=DIR/curve.jsonl [LABEL=DIR/curve.jsonl ...]

docs/pictures/policy-curves.png was made by it. What a guided training spends before its first evaluation (on its
expert, the network's lessons and the value function) is drawn as a dashed line on the ground.
"""

import argparse
import itertools
import json
import sys
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.evaluation.drawing import Drawing

COLOURS = ("#d9722b", "#2f74c9", "#3c9a5f", "#8a5bb0", "#cf4059", "#85838d")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 56, 20, 24, 48
MOST_S = 20


def evaluations(path: Path) -> tuple[list[tuple[float, float]], float]:
    """(samples, seconds up) of a curve's evaluations, and the samples before a network was there to evaluate."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found = [(float(line["samples"]), float(line["seconds_up"])) for line in lines if "seconds_up" in line]
    return sorted(found), max((float(line["samples"]) for line in lines if "stage" in line), default=0.0)


def draw(curves: dict[str, Path]) -> Drawing:
    """The picture of `curves`, label to file."""
    read = {label: evaluations(path) for label, path in curves.items()}
    most = max(points[-1][0] for points, _ in read.values() if points)
    drawing = Drawing(WIDTH, HEIGHT)

    def at(samples: float, seconds: float) -> tuple[float, float]:
        across, up = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return LEFT + samples / most * across, HEIGHT - BOTTOM - seconds / MOST_S * up

    for seconds in range(0, MOST_S + 1, 5):
        drawing.line(at(0, seconds), at(most, seconds), "#dddddd")
        drawing.text(LEFT - 8, at(0, seconds)[1] + 4, f"{seconds} s", 12, "ink", "end")
    for k in range(5):
        drawing.text(at(k * most / 4, 0)[0], HEIGHT - BOTTOM + 18, f"{k * most / 4e6:.2g} M", 12, "ink", "middle")
    drawing.text(WIDTH / 2, HEIGHT - 10, "samples (policy steps, in all)", 12, "soft", "middle")
    for k, (label, (points, before)) in enumerate(read.items()):
        colour = COLOURS[k % len(COLOURS)]
        if before:
            drawing.line(at(0, 0), at(before, 0), colour, 3, dashed=True)
        for start, end in itertools.pairwise(points):
            drawing.line(at(*start), at(*end), colour, 2)
        for point in points:
            drawing.dot(at(*point), 2.5, colour)
        y = HEIGHT - BOTTOM - 16 - 20 * (len(read) - 1 - k)
        drawing.dot((WIDTH - RIGHT - 12, y - 4), 5, colour)
        drawing.text(WIDTH - RIGHT - 24, y, label, 13, anchor="end")
    return drawing


def main() -> None:
    """Read, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    parser.add_argument("curves", nargs="+", help="LABEL=FILE")
    options = parser.parse_args()
    curves = {label: Path(path) for label, path in (each.split("=", 1) for each in options.curves)}
    options.picture.write_bytes(draw(curves).png())


if __name__ == "__main__":
    main()
