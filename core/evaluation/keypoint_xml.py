"""Keypoints placed by hand in a picture, as the Handtools of H3D (Bourdev and Malik 2009) save them.

    <keypoint name="R_Ankle" visible="1" x="533.5" y="353.1" z="157.5"/>

x px to the right, y px down, z in the same unit *towards* the camera: such axes are left-handed, so z is turned round.
"""

from pathlib import Path
from xml.parsers import expat

import numpy as np

from core.errors import BadInputError
from core.evaluation.poses import Poses, poses_from

MAX_BYTES = 10_000_000


def read_keypoint_xml(path: Path) -> Poses:
    """The limb joints of an annotation: one frame for each element <annotation>, or one altogether.

    Nobody knows how long a pixel is, so the poses are not metric, and only errors after Procrustes have a meaning.
    `BadInputError` for a file that is no such XML. Document types and entities are refused: an annotation has none, and
    a few lines of them can fill a machine's memory or name files of it.
    """
    if path.stat().st_size > MAX_BYTES:
        raise BadInputError(f"{path.name} should be an annotation of at most {MAX_BYTES // 1_000_000} MB.")
    frames = _Frames()
    parser = expat.ParserCreate()
    parser.StartElementHandler = frames.open
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(path.read_bytes(), True)
    except expat.ExpatError as error:
        raise BadInputError(f"{path.name} should be XML, but cannot be read: {error}.") from error
    found = [frame for frame in frames.frames if frame]
    if not found:
        raise BadInputError(f'{path.name} should hold <keypoint name="..." x="..." y="..." z="..."/>, but has none.')
    names = list(dict.fromkeys(name for frame in found for name in frame))
    points = np.full((len(found), len(names), 3), np.nan)
    for i, frame in enumerate(found):
        for name, position in frame.items():
            points[i, names.index(name)] = position
    return poses_from(path.name, points * [1, 1, -1], names, None, None)


class _Frames:
    """What the parser met: for each frame name -> [x, y, z]."""

    def __init__(self) -> None:
        self.frames: list[dict[str, list[float]]] = [{}]

    def open(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "annotation":
            self.frames.append({})
        if tag != "keypoint":
            return
        try:
            name, position = attributes["name"], [float(attributes[axis]) for axis in "xyz"]
        except (KeyError, ValueError) as error:
            raise BadInputError(
                f"Every <keypoint> should have a name and numbers x, y, z; one has not: {error}."
            ) from error
        if name in self.frames[-1]:
            raise BadInputError(f"An annotation should have every keypoint once, but has {name!r} twice.")
        self.frames[-1][name] = position


def _refuse(*_: object) -> None:
    raise BadInputError("An annotation should be plain XML without a document type (<!DOCTYPE) or entities.")
