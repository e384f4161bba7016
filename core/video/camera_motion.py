"""Whether the camera moves: the background's shift between frames, away from the people.

A clip is looked at ten times a second in grey and small. Patches without people are compared by phase correlation
(Kuglin and Hines 1975); the median over patches is the background's motion, whatever leaves and passers-by do. Nothing
is corrected: a moving camera is named, so that nobody takes its motion for the person's.
"""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from core.video.decode import open_video

Array = np.ndarray

LOOKS_PER_S = 10.0
WIDTH_PX, PATCH_PX = 320, 64
LEAST_CONTRAST = 4.0
"""Standard deviation of grey values under which a patch (sky, wall) shows no shift."""
LEAST_PEAK = 0.06
"""Correlation of the two patches' phases under which no shift explains what changed."""


@dataclass(frozen=True)
class CameraMotion:
    """`speed`: median shift of background patches, in shares of the picture's larger side a second; `drift`: how far
    the background went in all, in the same shares; `patches`: how many comparisons said something."""

    speed: float
    drift: float
    patches: int

    @property
    def moves(self) -> bool:
        """A tripod gives next to nothing, a steady hand some thousandths; a pan or a following camera far more."""
        return self.patches >= 10 and (self.speed > 0.03 or self.drift > 0.05)


def camera_motion(clip: Path, boxes: list[Array]) -> CameraMotion:
    """The motion of the camera that took `clip` (as `make_clip` wrote it); `boxes` [T,4] px for each person."""
    step, frames, scale, fps = _grey(clip)
    shifts, before = [], None
    drift, farthest, said = np.zeros(2), 0.0, 0
    side = max(frames[0].shape) if frames else 1
    for i, frame in enumerate(frames):
        if before is not None:
            people = [b[t] * scale for b in boxes for t in ((i - 1) * step, i * step) if t < len(b) and b[t].any()]
            found = _patch_shifts(before, frame, people)
            if len(found) >= 3:
                said += len(found)
                shifts.append(float(np.median(np.linalg.norm(found, axis=1))))
                drift = drift + np.median(found, axis=0)
                farthest = max(farthest, float(np.linalg.norm(drift)))
        before = frame
    speed = float(np.median(shifts)) * fps / step / side if shifts else 0.0
    return CameraMotion(speed, farthest / side, said)


def _grey(clip: Path) -> tuple[int, list[Array], float, float]:
    """(frames from one look to the next, the looks as small grey pictures, their scale, frames a second)."""
    looks = []
    with open_video(clip) as container:
        stream = container.streams.video[0]
        fps = float(stream.average_rate or 30)
        step = max(1, round(fps / LOOKS_PER_S))
        width, height = stream.codec_context.width, stream.codec_context.height
        scale = min(1.0, WIDTH_PX / max(width, height))
        size = {"width": max(2, round(width * scale)), "height": max(2, round(height * scale))}
        # every frame of a clip is a key frame, so the ones between need not be decoded
        for index, packet in enumerate(container.demux(stream)):
            if index % step == 0:
                for frame in packet.decode():
                    if isinstance(frame, av.VideoFrame):
                        looks.append(frame.reformat(format="gray", **size).to_ndarray().astype(np.float32))
    return step, looks, scale, fps


def _patch_shifts(before: Array, after: Array, people: list[Array]) -> Array:
    """[N,2] px: the shift of every patch that has something to see, no person in it, and one clear answer."""
    size = min(PATCH_PX, *before.shape)
    window = np.outer(np.hanning(size), np.hanning(size))
    found = []
    for y in range(0, before.shape[0] - size + 1, size // 2):
        for x in range(0, before.shape[1] - size + 1, size // 2):
            if any(x < x1 + 4 and x + size > x0 - 4 and y < y1 + 4 and y + size > y0 - 4 for x0, y0, x1, y1 in people):
                continue
            a, b = before[y : y + size, x : x + size], after[y : y + size, x : x + size]
            if min(a.std(), b.std()) < LEAST_CONTRAST:
                continue
            shift, peak = phase_shift((a - a.mean()) * window, (b - b.mean()) * window)
            if peak > LEAST_PEAK:
                found.append(shift)
    return np.array(found).reshape(-1, 2)


def phase_shift(before: Array, after: Array) -> tuple[Array, float]:
    """(shift (x, y) px to a part of a pixel, height of the peak in [0, 1]) from the patch `before` to `after`."""
    spectrum = np.conj(np.fft.rfft2(before)) * np.fft.rfft2(after)
    surface = np.fft.irfft2(spectrum / np.maximum(np.abs(spectrum), 1e-9), s=before.shape)
    y, x = (int(i) for i in np.unravel_index(surface.argmax(), surface.shape))
    shift = [_peak(surface[y], x), _peak(surface[:, x], y)]
    return np.array(shift), float(surface[y, x])


def _peak(line: Array, at: int) -> float:
    """The place of the peak at index `at` of a periodic line, by a parabola through its neighbours, in (-n/2, n/2]."""
    n = len(line)
    left, middle, right = line[at - 1], line[at], line[(at + 1) % n]
    bend = left - 2 * middle + right
    place = at + (0.5 * (left - right) / bend if bend < 0 else 0.0)
    return float(place - n if place > n / 2 else place)
