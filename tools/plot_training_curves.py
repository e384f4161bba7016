"""Draw how policies learned: the returns of their evaluations, and how long they stay up, over samples.

    python tools/plot_training_curves.py PICTURE.png LABEL=DIR/curve.jsonl [LABEL=DIR/curve.jsonl ...]

docs/pictures/training-curves.png was made by it.
"""

import argparse
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from core.imitation.ppo.curve import read_curve

PANELS = {"return": "return (mean over the full horizon)", "seconds_up": "seconds up"}
COLOURS = ("#1f6fb4", "#d9662b", "#3c9a5f", "#8a5bb0")
WIDTH, HEIGHT, MARGIN, LEGEND = (
    520,
    320,
    (52, 20, 40, 40),
    28,
)  # of a panel
INK, GRID, PAPER = "#222222", "#dddddd", "#ffffff"


def draw(curves: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Draw `curves` (label to lines of curve.jsonl) into the picture `path`."""
    picture = Image.new("RGB", (WIDTH * len(PANELS), HEIGHT + LEGEND * len(curves)), PAPER)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=13)
    evaluations = {label: [line for line in lines if "return" in line] for label, lines in curves.items()}
    last = max(line["samples"] for lines in evaluations.values() for line in lines)
    for i, (name, title) in enumerate(PANELS.items()):
        lines = {label: [(e["samples"] / last, e[name]) for e in found] for label, found in evaluations.items()}
        _panel(pen, font, i * WIDTH, title, lines, last)
    for i, label in enumerate(curves):
        y = HEIGHT + LEGEND * i + 8
        pen.line([(MARGIN[0], y), (MARGIN[0] + 36, y)], fill=COLOURS[i], width=3)
        pen.text((MARGIN[0] + 46, y), label, fill=INK, font=font, anchor="lm")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(32).save(path, optimize=True)


def _panel(pen, font, corner: int, title: str, lines: dict[str, list[tuple[float, float]]], last: int) -> None:
    left, right, top, bottom = corner + MARGIN[0], corner + WIDTH - MARGIN[1], MARGIN[2], HEIGHT - MARGIN[3]
    pen.text((left, 12), title, fill=INK, font=font)
    most = max(value for line in lines.values() for _, value in line)
    most = 1.0 if most <= 1 else 5.0 * -(-most // 5)
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y = left + share * (right - left), bottom - share * (bottom - top)
        pen.line([(left, y), (right, y)], fill=GRID)
        pen.text((left - 6, y), f"{share * most:g}", fill=INK, font=font, anchor="rm")
        pen.text((x, bottom + 8), f"{share * last / 1000:,.0f}k", fill=INK, font=font, anchor="ma")
    pen.rectangle([left, top, right, bottom], outline=INK)
    for (_, line), colour in zip(lines.items(), COLOURS, strict=False):
        points = [(left + x * (right - left), bottom - y / most * (bottom - top)) for x, y in line]
        pen.line(points, fill=colour, width=2, joint="curve")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    parser.add_argument("curves", nargs="+", help="LABEL=DIR/curve.jsonl")
    given = parser.parse_args()
    pairs = (each.rpartition("=") for each in given.curves)
    draw({label: read_curve(Path(file).parent) for label, _, file in pairs}, given.picture)


if __name__ == "__main__":
    main()
