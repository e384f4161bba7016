"""The window of an uploaded video, picked by eye: the video, a strip of its frames, and a handle for either end."""

import base64
from functools import lru_cache
from html import escape
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import numpy as np
from PIL import Image

from core.errors import BadInputError
from core.video.decode import VideoInfo, open_video, probe, timed_frames

FRAMES = 12
_HEIGHT = 72
_WIDEST = 128
_DECODED_PX = 1e9
"""So many pixels are decoded to find frames at exact times; in what has more, the key frames before them are taken."""


def window_picker(file: str | None, most_seconds: float) -> str:
    """The picker for an upload as HTML (static/studio/window_picker.js moves it); nothing for what is no video."""
    if not file:
        return ""
    try:
        info = length_of(file)
        if info.is_picture or info.duration_s <= 0:
            return ""
        strip = frame_strip(Path(file), info)
    except BadInputError:  # said when it is started
        return ""
    end = f"{info.duration_s:.2f}"
    handle = '<input type="range" class="{0}" min="0" max="{1}" step="0.05" value="{2}" aria-label="{3}">'
    return (
        f'<div class="picker" data-seconds="{end}" data-most="{most_seconds:g}">'
        f'<video src="/gradio_api/file={escape(quote(file))}" controls muted playsinline preload="metadata"></video>'
        f'<div class="track"><img src="{strip}" alt=""><span class="chosen"></span>'
        f"{handle.format('from', end, 0, 'The window begins at, in seconds')}"
        f"{handle.format('to', end, end, 'The window ends at, in seconds')}</div>"
        '<div class="picked"><button type="button" data-take="from">From here</button><output></output>'
        '<button type="button" data-take="to">To here</button></div></div>'
    )


def length_of(file: str) -> VideoInfo:
    """What an uploaded file says of itself, looked up once; `BadInputError` where it is no video and no picture."""
    path = Path(file)
    return _probed(path, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=64)
def _probed(path: Path, modified: int) -> VideoInfo:
    return probe(path)


def frame_strip(path: Path, info: VideoInfo) -> str:
    """FRAMES small frames, evenly over the video and side by side, as a data address."""
    wanted = (np.arange(FRAMES) + 0.5) * info.duration_s / FRAMES
    exact = info.width * info.height * info.fps * info.duration_s <= _DECODED_PX
    found = _one_pass(path, wanted) if exact else [_key_frame(path, float(time)) for time in wanted]
    width = min(max(round(_HEIGHT * info.width / info.height), 16), _WIDEST)
    strip = Image.new("RGB", (FRAMES * width, _HEIGHT))
    for i, frame in enumerate(found):
        if frame is not None:
            strip.paste(_cropped(Image.fromarray(frame), width), (i * width, 0))
    data = BytesIO()
    strip.save(data, "JPEG", quality=70)
    return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode()


def _one_pass(path: Path, wanted: np.ndarray) -> list[np.ndarray | None]:
    found: list[np.ndarray | None] = []
    with open_video(path) as container:
        for time, frame in timed_frames(container, 0.0):
            while len(found) < len(wanted) and time >= wanted[len(found)]:
                found.append(frame)
            if len(found) == len(wanted):
                break
    return found


def _key_frame(path: Path, time: float) -> np.ndarray | None:
    with open_video(path) as container:
        return next((frame for _, frame in timed_frames(container, time)), None)


def _cropped(picture: Image.Image, width: int) -> Image.Image:
    """The middle of a frame in the strip's size."""
    scale = max(width / picture.width, _HEIGHT / picture.height)
    small = picture.resize((max(width, round(picture.width * scale)), max(_HEIGHT, round(picture.height * scale))))
    left, top = (small.width - width) // 2, (small.height - _HEIGHT) // 2
    return small.crop((left, top, left + width, top + _HEIGHT))
