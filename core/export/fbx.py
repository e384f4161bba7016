"""FBX: the GLB converted by the Open Asset Import Library's program `assimp` (PyPI cmeel-assimp), which is optional.

assimp writes lengths as they are, in metres, but calls them centimetres (UnitScaleFactor 1); the factor is set to 100,
so the body is 1.7 m tall wherever the file is opened. It also names 24 frames a second; the motion's own rate is put in
its place, so that keys fall on frames.
"""

import shutil
import struct
import subprocess
import sysconfig
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.arrays_on_disk import replacing
from core.body import Body
from core.errors import BadInputError, MissingDependencyError
from core.export.glb import glb_bytes
from core.motion import BodyMotion

_CENTIMETRES_PER_METRE = 100.0
_CUSTOM_RATE = 14  # FBX's TimeMode for a rate that is named beside it
_SECONDS = 300.0


def write_fbx(
    path: Path,
    motion: BodyMotion,
    body: Body,
    dye: tuple[float, float, float] | None = None,
    assimp: Path | None = None,
) -> None:
    """Write `motion` on `body` as binary FBX, atomically; `assimp` is the program (default: found by `find_assimp`).

    `MissingDependencyError` where it is not installed, `BadInputError` where the motion cannot be written.
    """
    program = assimp or find_assimp()
    with tempfile.TemporaryDirectory() as scratch:
        source, result = Path(scratch) / "motion.glb", Path(scratch) / "motion.fbx"
        source.write_bytes(glb_bytes(_two_frames_at_least(motion), body, dye))
        done = subprocess.run(
            [str(program), "export", str(source), str(result), "-ffbx"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode != 0 or not result.is_file():
            said = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise BadInputError(f"assimp should have written the FBX, but ended with: {' '.join(said) or 'no word'}")
        content = with_unit_and_rate(result.read_bytes(), motion.fps)
    with replacing(Path(path)) as temporary:
        temporary.write_bytes(content)


def _two_frames_at_least(motion: BodyMotion) -> BodyMotion:
    """A still stands for two frames: assimp drops an animation without duration, and the pose with it."""
    if len(motion) != 1:
        return motion
    return replace(
        motion,
        times=motion.times[0] + np.array([0.0, 1.0 / motion.fps]),
        poses=np.repeat(motion.poses, 2, axis=0),
        trans=np.repeat(motion.trans, 2, axis=0),
        joints=np.repeat(motion.joints, 2, axis=0),
        landmarks=np.repeat(motion.landmarks, 2, axis=0),
        contacts=None,
        camera_in_world=None,
    )


def find_assimp() -> Path:
    """The assimp program: of this environment, else on the PATH."""
    here = Path(sysconfig.get_path("scripts")) / "assimp"
    found = str(here) if here.is_file() else shutil.which("assimp")
    if found is None:
        raise MissingDependencyError(
            "Writing FBX needs the program assimp, which is not installed. Get it with: pip install cmeel-assimp "
            "(or pip install -r requirements-export.txt in the project's folder, or your system's assimp-utils)."
        )
    return Path(found)


def with_unit_and_rate(fbx: bytes, fps: float) -> bytes:
    """Binary FBX that declares metres and `fps` frames a second; lengths and key times themselves stay.

    A property of GlobalSettings is four strings (name, type, subtype, flags), each "S", a little-endian uint32 and the
    characters, and then the value: "D" and a float64, or "I" and an int32, little-endian.
    """
    content = bytearray(fbx)
    for name in (b"UnitScaleFactor", b"OriginalUnitScaleFactor"):
        _set(content, (name, b"double", b"Number", b""), b"D", "<d", _CENTIMETRES_PER_METRE)
    _set(content, (b"TimeMode", b"enum", b"", b""), b"I", "<i", _CUSTOM_RATE)
    _set(content, (b"CustomFrameRate", b"double", b"Number", b""), b"D", "<d", fps)
    return bytes(content)


def _set(content: bytearray, words: tuple[bytes, ...], kind: bytes, layout: str, value: float) -> None:
    head = b"".join(b"S" + struct.pack("<I", len(word)) + word for word in words) + kind
    start = content.find(head)
    if start < 0:
        raise BadInputError(
            f"The FBX should state its {words[0].decode()}, but does not: this version of assimp is not known here. "
            "Version 6.0 is."
        )
    struct.pack_into(layout, content, start + len(head), value)
