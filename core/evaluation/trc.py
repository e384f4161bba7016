"""TRC, the marker files of OpenSim and motion capture: a table of times and positions, tabs between."""

import codecs
from pathlib import Path

import numpy as np

from core.errors import BadInputError
from core.evaluation.poses import Poses, poses_from
from core.notices import notice

_METRES = {"mm": 1e-3, "cm": 1e-2, "m": 1.0}
_HEADER_LINES = 5


def read_trc(path: Path) -> Poses:
    """The limb joints of a TRC file, by its own times; an empty cell is a joint that was not seen.

    The unit is the header's (mm, cm or m). Rows may come at any, also a varying, rate. `BadInputError` for what is not
    a TRC file or was cut short.
    """
    content = path.read_bytes()
    if b"\0" in content:
        raise BadInputError(f"{path.name} should be a TRC file, which is text, but holds bytes of zero.")
    lines = [_decoded(line) for line in content.removeprefix(codecs.BOM_UTF8).splitlines()]
    if len(lines) < _HEADER_LINES or not lines[0].startswith("PathFileType"):
        raise BadInputError(f"{path.name} should be a TRC file: a line PathFileType first, five lines of header, rows.")
    facts = dict(zip(lines[1].split(), lines[2].split(), strict=False))
    unit = facts.get("Units", "").lower()
    if unit not in _METRES:
        raise BadInputError(f"{path.name} should give its Units as mm, cm or m, but gives {unit or 'none'}.")
    names = [name.strip() for name in lines[3].split("\t")[2:] if name.strip()]
    rows = [_row(line, len(names), path.name, i) for i, line in enumerate(lines[_HEADER_LINES:], 6) if line.strip()]
    if not rows:
        raise BadInputError(f"{path.name} should have rows of positions, but has a header only.")
    if facts.get("NumFrames", "").isdecimal() and len(rows) < int(facts["NumFrames"]):
        notice(f"{path.name} promises {facts['NumFrames']} frames and has {len(rows)}; it may be cut short.")
    table = np.array(rows)
    points = table[:, 1:].reshape(len(table), len(names), 3)
    return poses_from(path.name, points, names, table[:, 0], _METRES[unit])


def _decoded(line: bytes) -> str:
    """UTF-8, else Latin-1: line 1 holds a path, which old programs write in the letters of their country."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _row(line: str, markers: int, name: str, number: int) -> list[float]:
    """Time and 3 x markers positions of one line; NaN where a cell is empty."""
    cells = [cell.strip() for cell in line.split("\t")[1:]]
    wanted = 1 + 3 * markers
    # Some writers leave out trailing empty cells, others add some; a row that ends within a marker was cut.
    within_marker = len(cells) < wanted and len(cells) % 3 != 1
    if not any(cells) or not cells[0] or within_marker or any(cells[wanted:]):
        raise BadInputError(
            f"{name} should have a time and three numbers for each of its {markers} markers in every row, but line "
            f"{number} has {len(cells)} cells. The file may be cut short."
        )
    cells = [*cells[:wanted], *[""] * (wanted - len(cells))]
    try:
        return [float(cell) if cell else float("nan") for cell in cells]
    except ValueError as error:
        raise BadInputError(f"{name} should hold numbers, but line {number} does not: {error}.") from error
