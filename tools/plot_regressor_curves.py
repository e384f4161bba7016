"""Draw the curves of `understudy train-hmr`, one panel a term of the loss.

    python tools/plot_regressor_curves.py PICTURE.png LABEL=DIR/curves.json [LABEL=DIR/curves.json ...]

docs/pictures/regressor-curves.png was made by it. Vertical axes are logarithmic; horizontal ones are steps.
"""

import argparse
import json
import math
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

PANELS = {
    "reprojection": "L_reproj (weighted)",
    "joints": "L_3D: joints (weighted)",
    "rotations": "L_3D: rotations (weighted)",
    "shape": "L_3D: shape (weighted)",
    "adversary": "L_adv",
    "discriminator": "discriminators' loss",
    "validation_pa_mm": "validation error (PA, mm)",
}
COLOURS = ("#1f6fb4", "#d9662b", "#3c9a5f", "#8a5bb0")
WIDTH, HEIGHT, MARGIN, COLUMNS = 420, 260, (58, 16, 34, 34), 3  # a panel; left, right, top, bottom
INK, GRID, PAPER = "#222222", "#dddddd", "#ffffff"


def draw(curves: dict[str, list[dict[str, float]]], path: Path) -> None:
    """Draw `curves` (label to records of {step, term: value}) into the picture `path`."""
    rows = math.ceil((len(PANELS) + 1) / COLUMNS)
    picture = Image.new("RGB", (WIDTH * COLUMNS, HEIGHT * rows), PAPER)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=13)
    for i, (term, title) in enumerate(PANELS.items()):
        corner = (i % COLUMNS * WIDTH, i // COLUMNS * HEIGHT)
        lines = {label: [(r["step"], r[term]) for r in rows_ if r.get(term, 0) > 0] for label, rows_ in curves.items()}
        _panel(pen, font, corner, title, {k: v for k, v in lines.items() if v}, list(curves))
    x, y = len(PANELS) % COLUMNS * WIDTH + 60, len(PANELS) // COLUMNS * HEIGHT + 50
    for i, label in enumerate(curves):
        pen.line([(x, y + 8 + 26 * i), (x + 36, y + 8 + 26 * i)], fill=COLOURS[i], width=3)
        pen.text((x + 46, y + 26 * i), label, fill=INK, font=font)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(32).save(path, optimize=True)


def _panel(pen, font, corner, title, lines, labels) -> None:
    left, top = corner[0] + MARGIN[0], corner[1] + MARGIN[2]
    right, bottom = corner[0] + WIDTH - MARGIN[1], corner[1] + HEIGHT - MARGIN[3]
    pen.text((left, corner[1] + 10), title, fill=INK, font=font)
    if not lines:
        return
    points = [p for line in lines.values() for p in line]
    low, high = (f(math.log10(v) for _, v in points) for f in (min, max))
    low, high = low - 0.01, max(high, low + 0.05) + 0.01
    last = max(step for step, _ in points)

    def at(step: float, value: float) -> tuple[float, float]:
        share = (math.log10(value) - low) / (high - low)
        return left + step / last * (right - left), bottom - share * (bottom - top)

    for tick in _ticks(low, high):
        y = at(0, tick)[1]
        pen.line([(left, y), (right, y)], fill=GRID)
        pen.text((left - 6, y), f"{tick:g}", fill=INK, font=font, anchor="rm")
    for share in (0, 0.5, 1):
        pen.text(
            (left + share * (right - left), bottom + 6), f"{round(share * last)}", fill=INK, font=font, anchor="ma"
        )
    pen.rectangle([left, top, right, bottom], outline=INK)
    for label, line in lines.items():
        pen.line([at(*p) for p in line], fill=COLOURS[labels.index(label)], width=2, joint="curve")


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between 10^low and 10^high, three to seven of them: 1, 2, 5 apart."""
    first, last = 10**low, 10**high
    apart = next(
        m * 10.0**e
        for e in range(math.floor(math.log10(last - first)) - 1, math.ceil(high) + 1)
        for m in (1, 2, 5)
        if (last - first) / (m * 10.0**e) <= 6
    )
    return [n * apart for n in range(math.ceil(first / apart), math.floor(last / apart) + 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    parser.add_argument("curves", nargs="+", help="LABEL=FILE")
    given = parser.parse_args()
    pairs = (each.partition("=") for each in given.curves)
    draw({label: json.loads(Path(file).read_text())["curves"] for label, _, file in pairs}, given.picture)


if __name__ == "__main__":
    main()
