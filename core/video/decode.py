"""Reading videos and pictures exactly: presentation times, rotation, nothing but local files.

PyAV is used rather than OpenCV because it gives every frame's presentation time; OpenCV seeks wrongly on variable frame
rates. Uploads are opened with a whitelist of protocols and formats, so that a playlist in disguise reaches nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import av.container
import av.error
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import BadInputError

_GUARD = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi",
}
_PICTURES = {"PNG", "JPEG", "WEBP", "BMP"}
_MAY_MOVE = {"PNG", "WEBP"}
"""Of these, several pictures in one file are an animation. In a JPEG they belong to one photo, which is the first."""
_MAX_PX = 64_000_000
"""So many pixels a picture or a frame may have; one takes some ten bytes while it is read."""
WANTED = "a video (mp4, mov, webm, mkv, avi) or a picture (png, jpg, webp, bmp)"


@dataclass(frozen=True)
class VideoInfo:
    """What a file says of itself: upright size in px, frames a second, seconds, whether it is a single picture."""

    width: int
    height: int
    fps: float
    duration_s: float
    is_picture: bool


def probe(path: Path) -> VideoInfo:
    """Look into a file without decoding more than one frame. A video's length is never 0: one that is not stated is
    found by reading the file through.

    Raises `BadInputError` when it is neither a video with at least one frame nor a picture.
    """
    path = Path(path)
    if not path.is_file() or path.stat().st_size == 0:
        raise BadInputError(f"{path.name} should be {WANTED}, but the file is empty or missing. Choose another file.")
    if is_picture(path):
        picture = read_picture(path)
        return VideoInfo(picture.shape[1], picture.shape[0], 30.0, 0.0, True)
    with open_video(path) as container:
        stream = container.streams.video[0]
        try:
            _, first = next(timed_frames(container, 0.0))
        except StopIteration:
            raise BadInputError(
                f"{path.name} should be {WANTED}, but no frame in it can be decoded. Is the file complete?"
            ) from None
        rate = stream.average_rate or stream.guessed_rate or stream.base_rate or 30
        duration = _stated_duration(container)
    if duration <= 0:
        duration = _read_duration(path)
    return VideoInfo(first.shape[1], first.shape[0], float(rate), duration, False)


def _stated_duration(container: av.container.InputContainer) -> float:
    """The length in s that the file gives; 0 where it gives none, as what browsers record."""
    stream = container.streams.video[0]
    if stream.duration and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


def _read_duration(path: Path) -> float:
    """The length in s by the frames' times, without decoding; as far as the file can be read, and never 0."""
    stamps = []
    with open_video(path) as container:
        stream = container.streams.video[0]
        base = float(stream.time_base or 0)
        origin = (stream.start_time or 0) * base
        try:
            for packet in container.demux(stream):
                stamps.append(packet.pts if packet.pts is not None else packet.dts)
        except av.error.FFmpegError:
            pass
    times = np.sort(np.array([stamp for stamp in stamps if stamp is not None], float)) * base - origin
    if len(times) < 2:
        return 1 / 30
    # The last frame is shown as long as most are. The rate is no help: such files often state 1000 a second.
    return round(float(max(times[-1], 0.0) + np.clip(np.median(np.diff(times)), 1e-3, 0.1)), 3)


def is_picture(path: Path) -> bool:
    """Whether Pillow knows the file as a still picture of a kind that we take."""
    try:
        with Image.open(path, formats=sorted(_PICTURES)) as picture:
            # Pillow calls a JPEG with several pictures (gain map, stereo) MPO.
            return picture.format not in _MAY_MOVE or getattr(picture, "n_frames", 1) == 1
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return False


def read_picture(path: Path) -> np.ndarray:
    """A picture as [height, width, 3] uint8 RGB, upright by its EXIF tag."""
    try:
        with Image.open(path, formats=sorted(_PICTURES)) as picture:
            _check_size(Path(path), picture.width, picture.height)
            upright = ImageOps.exif_transpose(picture)
            if upright.mode.startswith("I"):  # 16 bit grey, which `convert` would clip at 255
                grey = np.rint(np.asarray(upright) / 257.0).clip(0, 255).astype(np.uint8)
                return np.repeat(grey[..., None], 3, axis=2)
            return np.asarray(upright.convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise BadInputError(f"{Path(path).name} should be {WANTED}, but cannot be read: {error}.") from error


def _check_size(path: Path, width: int, height: int) -> None:
    if width * height > _MAX_PX:
        raise BadInputError(
            f"{path.name} has {width} x {height} pixels; at most {_MAX_PX / 1e6:.0f} million are taken."
        )


@contextmanager
def open_video(path: Path) -> Iterator[av.container.InputContainer]:
    """Open a local file as a video with at least one video stream; `BadInputError` for everything else."""
    path = Path(path)
    try:
        container = av.open(str(path), options=_GUARD)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise BadInputError(
            f"{path.name} should be {WANTED}, but cannot be read as one: it may be another kind of file, "
            f"or cut off in transfer. Try to play it, then choose it again or convert it to mp4."
        ) from error
    with container:
        if not container.streams.video:
            raise BadInputError(f"{path.name} should be {WANTED}, but has no picture track (sound only?).")
        context: av.VideoCodecContext | None = container.streams.video[0].codec_context
        if context is None:
            raise BadInputError(f"{path.name} is coded in a way that is not known here. Convert it to mp4 (H.264).")
        _check_size(path, context.width, context.height)
        container.streams.video[0].thread_type = "AUTO"
        yield container


def timed_frames(container: av.container.InputContainer, start_s: float) -> Iterator[tuple[float, np.ndarray]]:
    """Yield (seconds since the first frame, upright RGB) from the key frame before `start_s` on.

    Ends at the first undecodable packet, as a player would; the caller sees how far it came.
    """
    stream = container.streams.video[0]
    base = float(stream.time_base or 0)
    origin = (stream.start_time or 0) * base
    if start_s > 0 and base:
        container.seek(int((start_s + origin) / base), stream=stream, backward=True, any_frame=False)
    try:
        for frame in container.decode(stream):
            if frame.pts is None:
                continue
            upright = _upright(frame)
            yield frame.pts * base - origin, upright
    except av.error.FFmpegError:
        return


def _upright(frame: av.VideoFrame) -> np.ndarray:
    # frame.rotation is the display matrix's angle, counter-clockwise, in degrees.
    quarter_turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), quarter_turns))


def frame_times(path: Path) -> np.ndarray:
    """The times [N] s of all frames since the first, in order, without decoding them; [0] for a picture."""
    if is_picture(path):
        return np.zeros(1)
    with open_video(path) as container:
        stream = container.streams.video[0]
        base = float(stream.time_base or 0)
        try:
            stamps = [packet.pts for packet in container.demux(stream) if packet.pts is not None]
        except av.error.FFmpegError as error:
            raise BadInputError(f"{path.name} should be {WANTED}, but breaks off: {error}.") from error
    times = np.sort(np.array(stamps, float)) * base
    return times - times[:1]


def read_frames(path: Path, start_s: float = 0.0) -> Iterator[np.ndarray]:
    """Yield a file's frames shown from `start_s` on as [height, width, 3] uint8 RGB, upright, one at a time."""
    with open_video(path) as container:
        for time, picture in timed_frames(container, start_s):
            if time >= start_s:
                yield picture
