"""The formats in which a motion leaves: their names, their suffixes, who opens them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.body import Body, load_body
from core.body.moving import move_to_body
from core.body.smpl_file import EMBEDDED, chosen_body
from core.errors import BadInputError
from core.export.amass import write_amass
from core.export.bvh import write_bvh
from core.export.fbx import write_fbx
from core.export.glb import write_glb
from core.export.preparing import prepared
from core.export.sources import motion_from_file
from core.export.usd import write_usd
from core.humanoid import retarget
from core.motion import BodyMotion


@dataclass(frozen=True)
class Format:
    """A file format: how its files are named, who opens them, and what writes one (path, motion, its body)."""

    suffix: str
    for_whom: str
    write: Callable[[Path, BodyMotion, Body], None]


def _deepmimic(path: Path, motion: BodyMotion, body: Body) -> None:
    retarget(prepared(motion, body)).save(path)


FORMATS = {
    "glb": Format(".glb", "viewers, game engines, Blender; mesh and motion", write_glb),
    "bvh": Format(".bvh", "animation programs; skeleton and motion, centimetres", write_bvh),
    "amass": Format(".amass.npz", "research code on SMPL; z up", write_amass),
    "deepmimic": Format(".deepmimic.txt", "DeepMimic and its followers; the humanoid's motion", _deepmimic),
    "usd": Format(".usd", "film and simulation programs; mesh and motion", write_usd),
    "fbx": Format(".fbx", "Unity, Unreal, Maya, MotionBuilder; mesh and motion", write_fbx),
}


def format_called(name: str) -> Format:
    """The format of that name; `BadInputError` where there is none."""
    if name not in FORMATS:
        raise BadInputError(f"The format should be one of {', '.join(FORMATS)}, but is {name!r}.")
    return FORMATS[name]


def export_motion(motion: BodyMotion, name: str, path: Path, body: Body | None = None) -> Path:
    """Write `motion` in the format `name` (a key of `FORMATS`) to `path`, atomically, and return the path.

    Raises `BadInputError` for an unknown format or a motion that is not fit, `MissingDependencyError` where the format
    needs a tool that is not installed.
    """
    format_called(name).write(Path(path), motion, body or load_body())
    return Path(path)


def export_file(source: Path, name: str, path: Path, body_choice: str = EMBEDDED) -> Path:
    """Write the motion in the file `source` (see `motion_from_file`) as `export_motion` does, on the chosen body.

    `body_choice`: "embedded" or the path of an SMPL-family file.
    """
    format_called(name)  # before anything is read
    motion, body = motion_from_file(source), chosen_body(body_choice)
    if motion.body_model != body.name:
        motion = move_to_body(motion, load_body(), body)
    return export_motion(motion, name, path, body)
