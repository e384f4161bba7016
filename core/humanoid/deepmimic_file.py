"""DeepMimic's motion file: JSON with "Loop" ("wrap" or "none") and "Frames" of 44 numbers.

Each frame is its duration in seconds and then the 43 numbers of `HumanoidMotion.frames`. The last frame's duration
means nothing (files from DeepMimic have 0 there). Our own fields "Scale", humanoid metres per metre of the person, and
"Fps", the exact frame rate, are ignored by other programs.
"""

import json
from pathlib import Path

import numpy as np

from core.arrays_on_disk import replacing
from core.errors import BadInputError
from core.humanoid.character import QUATERNIONS
from core.humanoid.resampling import resample
from core.motion import HumanoidMotion

Array = np.ndarray

LEAST_FPS, MOST_FPS, MOST_FRAMES = 1.0, 1000.0, 200_000
"""A frame that lasts for a million seconds is a mistake, or somebody who wants all memory."""


def write_deepmimic(path: Path, motion: HumanoidMotion) -> None:
    """Write `motion`, atomically; what `read_deepmimic` reads back is equal to the last digit."""
    durations = np.full((len(motion), 1), 1.0 / motion.fps)
    rows = np.concatenate([durations, motion.frames], axis=1).tolist()
    head = {"Loop": "wrap" if motion.loop else "none", "Scale": motion.scale, "Fps": motion.fps}
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in rows)
    text = json.dumps(head)[:-1] + ',\n"Frames":\n[\n' + lines + "\n]}\n"
    with replacing(Path(path)) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_deepmimic(path: Path) -> HumanoidMotion:
    """Read a motion file, from here or from elsewhere; quaternions are normalised.

    Frames of unequal length are resampled to the median one's rate. Raises `BadInputError` where the file is no such
    file, has no frames, frames of another width, or numbers that are not finite.
    """
    path = Path(path)
    content = _parse(path)
    rows = _rows(path, content.get("Frames"))
    frames = _normalised(path, rows[:, 1:])
    scale, fps = _positive(path, content, "Scale") or 1.0, _positive(path, content, "Fps")
    return _evenly_timed(path, frames, rows[:, 0], content.get("Loop") == "wrap", scale, fps)


def _positive(path: Path, content: dict, name: str) -> float | None:
    """A field of our own; None where it is not there."""
    value = content.get(name)
    if value is not None and (not isinstance(value, int | float) or not 0 < value <= 1e12):
        raise BadInputError(f'{path.name}: "{name}" should be a number above zero, but is {value!r}.')
    return None if value is None else float(value)


def _parse(path: Path) -> dict:
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise BadInputError(f"{path.name} should be a DeepMimic motion file (JSON), but is not: {error}") from error
    if not isinstance(content, dict):
        raise BadInputError(f"{path.name} should be a JSON object with Loop and Frames, but holds something else.")
    return content


def _rows(path: Path, frames: object) -> Array:
    if not isinstance(frames, list) or not frames:
        raise BadInputError(f'{path.name} should have a list "Frames" with at least one frame, but has none.')
    widths = {len(row) if isinstance(row, list) else 0 for row in frames}
    if widths != {44}:
        raise BadInputError(
            f"{path.name}: a frame should have 44 numbers (duration and the DeepMimic humanoid's 43), but there are "
            f"frames of {sorted(widths)}. Other characters than the humanoid cannot be used."
        )
    try:
        rows = np.array(frames, dtype=float)
    except (TypeError, ValueError) as error:
        raise BadInputError(f"{path.name}: frames should hold numbers only: {error}") from error
    if not np.isfinite(rows).all():
        bad = int(np.argmin(np.isfinite(rows).all(axis=1)))
        raise BadInputError(f"{path.name}: frame {bad} has a number that is not finite. Remove or repair it.")
    return rows


def _normalised(path: Path, frames: Array) -> Array:
    frames = frames.copy()
    for place in QUATERNIONS:
        norms = np.linalg.norm(frames[:, place], axis=1, keepdims=True)
        if (np.abs(norms - 1) > 0.5).any():  # captured and hand-mended files are off by up to 0.42
            raise BadInputError(
                f"{path.name}: numbers {place.start + 1} to {place.stop} of a frame should be a rotation as a unit "
                "quaternion wxyz, but are not."
            )
        # our own files hold unit quaternions already: dividing again would change their last digits
        frames[:, place] = np.where(np.abs(norms - 1) > 1e-12, frames[:, place] / norms, frames[:, place])
    return frames


def _evenly_timed(
    path: Path, frames: Array, durations: Array, loop: bool, scale: float, told_fps: float | None
) -> HumanoidMotion:
    steps = durations[:-1] if len(durations) > 1 else durations
    if len(durations) > 1 and (steps <= 0).any():
        raise BadInputError(f"{path.name}: frames should last longer than 0 s, but one of them lasts {steps.min()} s.")
    step = float(np.median(steps))
    fps = 1.0 / step if step > 0 and len(durations) > 1 else 30.0  # one frame may last as long as it likes
    if not LEAST_FPS <= fps <= MOST_FPS:
        raise BadInputError(
            f"{path.name}: there should be {LEAST_FPS:g} to {MOST_FPS:g} frames a second, but there are {fps:g}."
        )
    if steps.sum() * fps > MOST_FRAMES:
        raise BadInputError(
            f"{path.name} should have {MOST_FRAMES:,} frames at most, but lasts {steps.sum():g} s at {fps:g} a second."
        )
    if told_fps and abs(fps - told_fps) < 1e-3 * fps:
        fps = told_fps
    elif abs(fps - round(fps)) < 1e-3 * fps:
        fps = float(round(fps))  # files write 0.016666 and mean 60 frames a second
    if np.allclose(steps, step, rtol=1e-3):
        return HumanoidMotion(fps, np.arange(len(frames)) / fps, frames, loop, scale)
    uneven = HumanoidMotion(fps, np.concatenate([[0.0], np.cumsum(steps)]), frames, loop, scale)
    times = np.arange(int(np.floor(uneven.times[-1] * fps + 1e-6)) + 1) / fps
    return HumanoidMotion(fps, times, resample(uneven, times)[0], loop, scale)
