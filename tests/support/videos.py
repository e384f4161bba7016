"""Small videos made for tests: each frame carries its number as a row of black and white blocks."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

_BITS = 8
_BLOCK = 20


def _numbered(number: int) -> np.ndarray:
    picture = np.full((96, _BITS * _BLOCK, 3), 90, np.uint8)
    for bit in range(_BITS):
        picture[:40, bit * _BLOCK : (bit + 1) * _BLOCK] = 255 if number >> bit & 1 else 0
    # A little texture, or a frame compresses to so little that half a file holds nearly all of the video.
    picture[48:] = np.random.default_rng(number).integers(0, 255, picture[48:].shape, dtype=np.uint8)
    return picture


def frame_number(picture: np.ndarray) -> int:
    """The number that `write_numbered_video` drew into a frame."""
    return sum(
        1 << bit for bit in range(_BITS) if picture[5:35, bit * _BLOCK + 4 : (bit + 1) * _BLOCK - 4].mean() > 127
    )


def write_numbered_video(
    path: Path,
    frames: int,
    fps: int,
    times: list[float] | None = None,
    phone_upright: bool = False,
    index_first: bool = False,
) -> Path:
    """Write an mp4 whose frame i shows i; `times` [s] makes the rate variable."""
    options = {"movflags": "+faststart"} if index_first else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = _BITS * _BLOCK, 96, "yuv420p"
        stream.options = {"crf": "18", "preset": "ultrafast", "bf": "0"}
        stream.time_base = stream.codec_context.time_base = Fraction(1, 90000)
        if phone_upright:
            # What phones write when held upright: show turned by 90 degrees clockwise (16.16 and 2.30 fixed point).
            stream.set_display_matrix([0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30])
        for i in range(frames):
            frame = av.VideoFrame.from_ndarray(_numbered(i), format="rgb24")
            frame.pts = round((times[i] if times else i / fps) * 90000)
            frame.time_base = Fraction(1, 90000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
