"""side_by_side.mp4: the source with its keypoints, the mesh over the source, the performance on the ground.

H.264 (yuv420p), one frame for each of the clip's, as wide as three panels of the source's shape.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from core.arrays_on_disk import replacing
from core.body import Body
from core.body.skinning import skin
from core.errors import BadInputError
from core.export.overlays import label, with_keypoints
from core.export.rendering import BodyRenderer, Camera, Windows, body_windows
from core.export.stage_view import Ground, following_cameras
from core.motion import BodyMotion, Clip, Track
from core.progress import Progress, silent

Array = np.ndarray
Colour = tuple[float, float, float]

_SKINNED_AT_ONCE = 64
_DIMMED = 0.82  # the source behind the mesh, so that the mesh stands out


@dataclass(frozen=True)
class SideBySideSettings:
    """How large and how coloured."""

    max_height: int = 540
    """Height of the video at most [px]."""
    max_width: int = 1920
    """Width of all three panels together at most [px]."""
    mesh_colour: Colour = (0.36, 0.66, 0.90)
    """The clothes of the mesh over the source (sRGB)."""
    performance_colour: Colour = (0.45, 0.78, 0.55)
    """The clothes of the performer (sRGB)."""
    performance_label: str = "physics"
    """What the third panel is called."""
    repeat_performance: bool = False
    """Whether a performance shorter than the clip (one cycle) starts again; otherwise it stays as it ended."""


def write_side_by_side(
    path: Path,
    clip: Clip,
    track: Track,
    motion: BodyMotion,
    performed: BodyMotion,
    body: Body,
    settings: SideBySideSettings | None = None,
    progress: Progress = silent,
) -> None:
    """Write the video, atomically. `motion` knows the clip's camera; `performed` is shown in the third panel.

    `MissingDependencyError` where nothing can be rendered, `BadInputError` where the nouns do not belong together.
    """
    settings = settings or SideBySideSettings()
    _check(clip, track, motion, performed)
    size = panel_size(clip.width, clip.height, settings)
    overlay, stage = _overlay(motion, clip, size), _stage(performed, size)
    least = overlay.windows(stage.windows().size).size
    with replacing(Path(path)) as temporary, closing(BodyRenderer(body, *least)) as renderer:
        mesh = _Actor(overlay, least, renderer, settings.mesh_colour)
        performer = _Actor(stage, least, renderer, settings.performance_colour)
        _encode(temporary, _frames(clip, track, mesh, performer, settings), clip, progress)


def panel_size(width: int, height: int, settings: SideBySideSettings) -> tuple[int, int]:
    """(width, height) px of one panel, both even, in the shape of a source of `width` x `height` px."""
    shrink = min(settings.max_height / height, settings.max_width / 3 / width)
    return max(2, round(width * shrink / 2) * 2), max(2, round(height * shrink / 2) * 2)


@dataclass(frozen=True)
class _Shot:
    """A motion as a panel shows it: a camera for every frame, pictures of `size` px."""

    motion: BodyMotion
    cameras: list[Camera]
    size: tuple[int, int]

    def windows(self, least: tuple[int, int] = (16, 16)) -> Windows:
        """Where in the panel the body is; the whole of it where there are boxes, which may be anywhere."""
        if len(self.motion.supports):
            least = self.size
        return body_windows(self.motion.joints, self.cameras, self.size, least)


def _overlay(motion: BodyMotion, clip: Clip, size: tuple[int, int]) -> _Shot:
    """The motion as the clip's camera saw it, nothing but the body."""
    assert motion.intrinsics is not None
    assert motion.camera_in_world is not None
    lens = motion.intrinsics * np.array([[size[0] / clip.width], [size[1] / clip.height], [1.0]])
    cameras = [Camera(lens, pose) for pose in motion.camera_in_world]
    return _Shot(replace(motion, supports=np.zeros((0, 6))), cameras, size)


def _stage(performed: BodyMotion, size: tuple[int, int]) -> _Shot:
    """The performance on the ground."""
    return _Shot(performed, following_cameras(performed, *size), size)


class _Actor:
    """Draws the body of a shot over pictures, frame after frame."""

    def __init__(self, shot: _Shot, window: tuple[int, int], renderer: BodyRenderer, dye: Colour) -> None:
        self.shot, self._renderer, self._dye = shot, renderer, dye
        self._windows = shot.windows(window)
        self._start, self._skinned = 0, np.zeros((0, 0, 3))

    def draw_over(self, t: int, picture: Array) -> Array:
        """`picture` [H,W,3] with the body of frame t drawn over it, as uint8."""
        camera = self._windows.camera(t, self.shot.cameras[t])
        drawn = self._renderer.draw(self._mesh(t), camera, self._dye, self.shot.motion.supports)
        result = np.clip(picture, 0, 255).astype(np.uint8)
        below, alpha = self._windows.of(t, result), drawn[..., 3:] / np.float32(255)
        below[:] = below * (1 - alpha) + drawn[..., :3] * alpha
        return result

    def _mesh(self, t: int) -> Array:
        """The vertices [V,3] m of frame t, skinned in pieces that fit the memory."""
        if not self._start <= t < self._start + len(self._skinned):
            part, motion = slice(t, t + _SKINNED_AT_ONCE), self.shot.motion
            self._start = t
            self._skinned = skin(self._renderer.body, motion.poses[part], motion.betas, motion.trans[part])
        return self._skinned[t - self._start]


def _frames(clip: Clip, track: Track, mesh: _Actor, performer: _Actor, settings: SideBySideSettings) -> Iterator[Array]:
    """The frames [height, 3 width, 3] uint8, one by one."""
    size, stage = mesh.shot.size, performer.shot
    ground = Ground(stage.cameras[0], size)
    labels = [
        label("video, keypoints", size[1], (255, 179, 92)),
        label("mesh over the video", size[1], _bytes(settings.mesh_colour)),
        label(settings.performance_label, size[1], _bytes(settings.performance_colour)),
    ]
    for t, picture in zip(range(len(mesh.shot.motion)), clip.frames(), strict=False):
        source = Image.fromarray(picture)
        small = np.asarray(source.resize(size, Image.Resampling.BOX), np.float32)
        seen = with_keypoints(source, track.keypoints[t]) if track.present[t] else source
        p = t % len(stage.motion) if settings.repeat_performance else min(t, len(stage.motion) - 1)
        panels = [
            np.asarray(seen.resize(size, Image.Resampling.BOX)),
            mesh.draw_over(t, small * _DIMMED),
            performer.draw_over(p, ground.picture(stage.cameras[p], stage.motion.joints[p])),
        ]
        yield np.concatenate([_labelled(panel, plate) for panel, plate in zip(panels, labels, strict=True)], axis=1)


def _labelled(panel: Array, plate: Image.Image) -> Array:
    picture = Image.fromarray(panel)
    margin = max(4, panel.shape[0] // 45)
    picture.paste(plate, (margin, margin), plate)
    return np.asarray(picture)


def _bytes(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = (round(255 * each) for each in colour)
    return red, green, blue


def _encode(path: Path, frames: Iterator[Array], clip: Clip, progress: Progress) -> None:
    rate = Fraction(clip.fps).limit_denominator(1001)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "21", "preset": "veryfast"}
        for t, picture in enumerate(frames):
            if t == 0:
                stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = t, 1 / rate
            container.mux(stream.encode(frame))
            if t % 5 == 0:
                progress(t / max(len(clip), 1), f"frame {t + 1} of {len(clip)}")
        container.mux(stream.encode())


def _check(clip: Clip, track: Track, motion: BodyMotion, performed: BodyMotion) -> None:
    if motion.camera_in_world is None or motion.intrinsics is None:
        raise BadInputError("The motion should know its camera to be drawn over the video, but does not.")
    if not len(clip) == len(track) == len(motion) or len(performed) == 0:
        raise BadInputError(
            "Clip, track and motion should have the same number of frames, but have "
            f"{len(clip)}, {len(track)} and {len(motion)} ({len(performed)} performed)."
        )
    numbers = (motion.poses, motion.trans, motion.camera_in_world, performed.poses, performed.trans)
    if not all(np.isfinite(each).all() for each in numbers):
        raise BadInputError("The motions should have finite numbers only, but have NaN or infinity. Solve them again.")
