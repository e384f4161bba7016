"""Keypoints as they are found, for who wants to watch the search for people: a file that grows by a line a frame.

A line is a list of people, each a flat list of x px, y px and visibility for the 33 landmarks, in the order of frames.
They are first guesses: gates, looks back and exchanged people come later, and the tracks that count with them.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TextIO

import numpy as np

_file: ContextVar[TextIO | None] = ContextVar("sightings", default=None)


@contextmanager
def sightings_in(path: Path) -> Iterator[None]:
    """Within the block (in this thread) `sighted` adds to the file, which is begun anew; at its end it is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("w", encoding="ascii", buffering=1) as file:
            token = _file.set(file)
            try:
                yield
            finally:
                _file.reset(token)
    finally:
        path.unlink(missing_ok=True)


def sighted(people: Sequence[np.ndarray]) -> None:
    """Tell who is seen in the next frame: keypoints [33,3] each. Nothing happens where nobody wants to know."""
    file = _file.get()
    if file is not None:
        rows = [[round(float(value), 2) for value in keypoints.ravel()] for keypoints in people]
        file.write(json.dumps(rows, separators=(",", ":")) + "\n")


def read_sightings(path: Path, first: int = 0) -> list[list[list[list[float]]]]:
    """Frames from `first` on, of people, of 33 x [x, y, visibility]; none where there is no file (any more)."""
    try:
        lines = path.read_text(encoding="ascii").split("\n")[:-1]  # what comes after the last line break is half a line
    except FileNotFoundError:
        return []
    return [[np.reshape(person, (-1, 3)).tolist() for person in json.loads(line)] for line in lines[first:]]
