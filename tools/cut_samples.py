"""Cut the two sample clips out of the demonstration video that PyPI's `sports2d` carries (BSD-3-Clause).

    python tools/cut_samples.py sports2d-0.8.34-py3-none-any.whl

The wheel comes from `pip download --no-deps sports2d==0.8.34`. Writes core/assets/samples/walker.mp4 and flip.mp4
(H.264, no audio, the source's frame rate) and their manifest entries.
"""

import argparse
import io
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.arrays_on_disk import replacing
from core.assets import ASSETS
from tools.asset_manifest import add

DEMO = "Sports2D/Demo/demo.mp4"


@dataclass(frozen=True)
class Cut:
    """Frames `first` to `last` (inclusive, of the demo's 30 a second), columns `left` to `right` px of its 1768.

    `crf` is x264's quality.
    """

    first: int
    last: int
    left: int
    right: int
    crf: int
    note: str


# The flip is cut to the middle columns: the woman who walks by would else be the largest person in it, and a crop that
# is symmetric about the picture's middle keeps the camera's axis there.
CUTS = {
    "samples/walker.mp4": Cut(70, 189, 0, 1768, 24, "a woman walks over the grass; behind her a man flips off a box"),
    "samples/flip.mp4": Cut(138, 205, 478, 1290, 22, "a man does a flip off a box of about 2 m and lands in a crouch"),
}


def cut(video: bytes, out: Path, wanted: Cut) -> None:
    """Decode the demo, encode the wanted columns of the wanted frames again."""
    with av.open(io.BytesIO(video), "r") as source, replacing(out) as temporary, av.open(str(temporary), "w") as target:
        stream = source.streams.video[0]
        fps = stream.average_rate
        assert fps is not None
        made = target.add_stream("libx264", rate=fps, options={"crf": str(wanted.crf), "preset": "veryslow"})
        made.width, made.height = wanted.right - wanted.left, stream.height
        made.pix_fmt = "yuv420p"
        for index, frame in enumerate(source.decode(stream)):
            if not wanted.first <= index <= wanted.last:
                continue
            columns = frame.to_ndarray(format="rgb24").astype(np.uint8)[:, wanted.left : wanted.right]
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(columns), format="rgb24")
            picture.pts, picture.time_base = index - wanted.first, 1 / fps
            target.mux(made.encode(picture))
        target.mux(made.encode(None))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="the sports2d wheel")
    wheel = parser.parse_args().wheel
    with zipfile.ZipFile(wheel) as archive:
        video = archive.read(DEMO)
    origin = f"PyPI sports2d, {wheel.name}, {DEMO}"
    for name, wanted in CUTS.items():
        cut(video, ASSETS / name, wanted)
        note = f"{wanted.note} (frames {wanted.first} to {wanted.last} of the demo)"
        entry = add(name, "BSD-3-Clause", origin, "tools/cut_samples.py", note)
        print(f"{name}: {entry['bytes']} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
