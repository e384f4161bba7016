"""From whatever a person gave to the clip that every later stage reads.

The clip is the chosen window, upright, at a constant rate of at most 30 fps, every frame a key frame: browsers then
seek to any frame exactly, and frame i is at i / fps whatever the source's timing was.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from core.arrays_on_disk import replacing
from core.errors import BadInputError
from core.motion import Clip
from core.progress import Progress, silent
from core.video.decode import open_video, probe, read_picture, timed_frames


@dataclass(frozen=True)
class WindowSettings:
    """Which part of the source becomes the clip."""

    start_s: float = 0.0
    """Start of the window [s] in the source."""
    end_s: float | None = None
    """End of the window [s]; None is the source's end."""
    max_seconds: float = 120.0
    """The longest window that is taken [s]."""
    max_fps: float = 30.0
    """The highest frame rate of a clip."""
    max_side_px: int = 1920
    """Larger pictures are scaled down until their longer side fits."""
    time_scale: float = 1.0
    """How many times slower than life the source plays; the clip plays as fast as life, so that all that is measured in
    it (speeds, forces, physics) is true. 1 for ordinary videos."""


def check_time_scale(time_scale: float) -> None:
    """`BadInputError` for what no video is played at."""
    if not 0.1 <= time_scale <= 100:
        raise BadInputError(f"The time scale should be 0.1 to 100, but is {time_scale:g}.")


def check_window(duration_s: float, settings: WindowSettings) -> tuple[float, float]:
    """The window [start, end) in seconds within a source of this length; `BadInputError` where it makes no sense."""
    start, end = settings.start_s, settings.end_s
    check_time_scale(settings.time_scale)
    if not all(math.isfinite(t) for t in (start, end if end is not None else 0.0)) or start < 0:
        raise BadInputError(f"The window should start at 0 s or later, but starts at {start} s.")
    if end is not None and end <= start:
        raise BadInputError(f"The window should end after its start, but runs from {start:g} s to {end:g} s.")
    if duration_s and start >= duration_s:
        raise BadInputError(
            f"The window starts at {start:g} s, but the video is only {duration_s:.1f} s long. Choose an earlier start."
        )
    if duration_s and end is not None and end > duration_s + 0.5:
        raise BadInputError(
            f"The window ends at {end:g} s, but the video is only {duration_s:.1f} s long. Choose an earlier end."
        )
    stop = min(end, duration_s) if end is not None and duration_s else (end if end is not None else duration_s)
    if stop - start > settings.max_seconds:
        raise BadInputError(
            f"The window is {stop - start:.0f} s long; at most {settings.max_seconds:g} s are taken at once. "
            f"Choose a window with a start and an end."
        )
    return start, stop


def check_source(source: Path, settings: WindowSettings) -> None:
    """Raise the `BadInputError` that cutting this window out of this file would, as far as can be told at once."""
    info = probe(source)
    if not info.is_picture:
        check_window(info.duration_s, settings)
    elif settings.start_s or settings.end_s is not None:
        raise BadInputError("A picture has no window, but one was given. Leave start and end empty for a picture.")


def clip_rate(source_fps: float, max_fps: float = 30.0) -> Fraction:
    """The clip's frame rate: the source's divided by the smallest whole number that brings it to `max_fps` or less.

    Dividing evenly (60 -> 30, 50 -> 25) repeats or drops no frame out of step, which would look like jitter.
    """
    source_fps = min(max(source_fps, 1.0), 1000.0)
    return Fraction(source_fps / math.ceil(source_fps / max_fps - 1e-3)).limit_denominator(1001)


def make_clip(source: Path, out: Path, settings: WindowSettings | None = None, progress: Progress = silent) -> Clip:
    """Cut the window out of `source` and write it to `out` (mp4, H.264, no sound).

    A picture becomes a clip of one frame. Raises `BadInputError` for what is no video or picture, a window outside it
    or longer than allowed, and a file that ends before its window does.
    """
    settings = settings or WindowSettings()
    source = Path(source)
    info = probe(source)
    if info.is_picture:
        _encode(out, iter([_fit(read_picture(source), settings.max_side_px)]), Fraction(30))
        return load_clip(out, source.name)
    start, stop = check_window(info.duration_s, settings)
    rate = clip_rate(info.fps * settings.time_scale, settings.max_fps)
    pace = rate / Fraction(settings.time_scale).limit_denominator(1000)  # clip frames per second of the source
    count = max(1, round((stop - start) * pace))
    written = 0

    def frames() -> Iterator[np.ndarray]:
        nonlocal written
        for picture in _at_constant_rate(source, start, pace, count):
            written += 1
            if written % 10 == 1:
                progress(written / count, f"frame {written} of {count}")
            yield _fit(picture, settings.max_side_px)

    _encode(out, frames(), rate, pace, expect_frames=count - math.ceil(float(pace) * 0.25), start_s=start)
    return load_clip(out, source.name, start)


def _at_constant_rate(source: Path, start_s: float, pace: Fraction, count: int) -> Iterator[np.ndarray]:
    """The frame nearest in time to start + i / pace, for i = 0, 1, ... until the count or the file ends."""
    index = 0
    before: tuple[float, np.ndarray] | None = None
    with open_video(source) as container:
        for time, picture in timed_frames(container, start_s):
            while index < count and time >= (wanted := start_s + float(index / pace)):
                nearer_before = before is not None and wanted - before[0] < time - wanted
                yield before[1] if nearer_before and before else picture
                index += 1
            if index >= count:
                return
            before = (time, picture)
    # The last frame stays on screen for its duration, so times shortly after it still show it.
    while before is not None and index < count and start_s + float(index / pace) - before[0] < 1.0 / pace:
        yield before[1]
        index += 1


def _fit(picture: np.ndarray, max_side: int) -> np.ndarray:
    height, width = picture.shape[:2]
    shrink = max_side / max(height, width)
    if shrink < 1:
        size = (max(2, round(width * shrink)), max(2, round(height * shrink)))
        picture = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX, reducing_gap=2.0))
        height, width = picture.shape[:2]
    # H.264 with the chroma that every browser plays needs even sides.
    if height < 2 or width < 2:
        raise BadInputError(f"The picture should be at least 2 x 2 pixels, but is {width} x {height}.")
    return np.ascontiguousarray(picture[: height - height % 2, : width - width % 2])


def _encode(
    out: Path,
    frames: Iterator[np.ndarray],
    rate: Fraction,
    pace: Fraction | None = None,
    expect_frames: int = 1,
    start_s: float = 0.0,
) -> None:
    written = 0
    with replacing(Path(out)) as temporary:
        with av.open(str(temporary), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=rate)
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": "23", "preset": "ultrafast", "g": "1", "bf": "0"}
            for picture in frames:
                if not written:
                    stream.height, stream.width = picture.shape[:2]
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = written, 1 / rate
                container.mux(stream.encode(frame))
                written += 1
            if written:
                container.mux(stream.encode())
        if written == 0 or written < expect_frames:
            reached = start_s + written / float(pace or rate)
            raise BadInputError(
                f"The video can be read only up to {reached:.1f} s and then breaks off; the file seems truncated. "
                f"Choose a window that ends before, or get the file again."
            )


def load_clip(path: Path, source: str = "", start_s: float = 0.0) -> Clip:
    """Open a clip that `make_clip` wrote."""
    with open_video(path) as container:
        stream = container.streams.video[0]
        rate = stream.average_rate or Fraction(30)
        count = stream.frames or sum(1 for _ in container.demux(stream))
        size = (stream.codec_context.width, stream.codec_context.height)
    times = np.arange(count) / float(rate)
    return Clip(Path(path), float(rate), times, size[0], size[1], source, start_s)
