"""Cut the two sample clips out of the demonstration video that PyPI's `sports2d` carries (BSD-3-Clause).

    python tools/cut_samples.py sports2d-0.8.34-py3-none-any.whl

The wheel comes from `pip download --no-deps sports2d==0.8.34`. Writes core/assets/samples/walker.mp4 and flip.mp4
(H.264, no audio, the source's frame rate and size) and their manifest entries.
"""

import argparse
import io
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import av

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.arrays_on_disk import replacing
from core.assets import ASSETS
from tools.asset_manifest import add

DEMO = "Sports2D/Demo/demo.mp4"


@dataclass(frozen=True)
class Cut:
    """Frames `first` to `last` (inclusive, of the demo's 30 frames a second), encoded with the x264 quality `crf`."""

    first: int
    last: int
    crf: int
    note: str


CUTS = {
    "samples/walker.mp4": Cut(70, 189, 25, "a woman walks over the grass; a man in the back does a flip off a box"),
    "samples/flip.mp4": Cut(
        128, 229, 25, "a man does a flip off a box of about 2 m, rolls and runs on; a woman walks by"
    ),
}


def cut(video: bytes, out: Path, wanted: Cut) -> None:
    """Decode the demo, encode the wanted frames again; the size is made even because yuv420p needs it."""
    with av.open(io.BytesIO(video)) as source, replacing(out) as temporary, av.open(str(temporary), "w") as target:
        stream = source.streams.video[0]
        fps = stream.average_rate
        assert fps is not None
        made = target.add_stream("libx264", rate=fps, options={"crf": str(wanted.crf), "preset": "veryslow"})
        made.width, made.height = stream.width // 2 * 2, stream.height // 2 * 2
        made.pix_fmt = "yuv420p"
        for index, frame in enumerate(source.decode(stream)):
            if not wanted.first <= index <= wanted.last:
                continue
            picture = frame.reformat(made.width, made.height, "yuv420p")
            picture.pts, picture.time_base = index - wanted.first, 1 / fps
            picture.pict_type = 0
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
