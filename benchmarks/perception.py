"""People kept apart, and the speed of following one: identity swaps, coverage, frames a second.

    python -m benchmarks.perception [--demo demo.mp4] [--repeat N]

The demo is the video in PyPI's `sports2d` 0.8.34 (BSD-3-Clause), which is fetched with `pip download` where it is not
given; the labels were made by hand (tests/data). The speed is that of `track_people` on 120 frames of 1920x1080 with
one person, decoding included, networks loaded: the woman of the sample, cut out and enlarged, the view moving with her.
The figures of the regressor follow where its benchmark is there.
"""

import argparse
import importlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import av
import numpy as np
from PIL import Image

from benchmarks import report
from core.assets import asset_path
from core.keypoints import KeypointSettings, track_people
from core.keypoints.scoring import LabelledPerson, read_labels, score_identity
from core.video import WindowSettings, load_clip, make_clip
from core.video.decode import read_frames

LABELS = Path(__file__).resolve().parents[1] / "tests" / "data" / "sports2d_demo_labels.json"
SPORTS2D, DEMO = "sports2d==0.8.34", "Sports2D/Demo/demo.mp4"
SAMPLE_STARTS = 70
"""The labelled frame that the sample `walker` begins with."""


def fetch_demo(folder: Path) -> Path:
    """Let pip download the wheel into `folder`; returns the video out of it."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), SPORTS2D]
    subprocess.run(command, check=True)
    with zipfile.ZipFile(next(folder.glob("sports2d-*.whl"))) as wheel:
        return Path(wheel.extract(DEMO, folder))


def identity(demo: Path, scratch: Path) -> None:
    """Print the identity figures of both landmark networks on the demo."""
    clip = make_clip(demo, scratch / "demo-clip.mp4", WindowSettings())
    people = read_labels(LABELS)
    for model, suffix in (("blazepose", ""), ("blazepose:full", "_full")):
        found = score_identity(track_people(clip, KeypointSettings(model=model)), people)
        report(f"perception.identity_swaps{suffix}", found.swaps, "swaps")
        report(f"perception.coverage{suffix}", min(found.coverage.values()), "share")


def one_person_clip(path: Path, woman: LabelledPerson) -> Path:
    """The sample's walker alone in 1920x1080, the view moving with her."""
    with av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=30, options={"crf": "20", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for i, picture in enumerate(read_frames(asset_path("samples/walker.mp4"))):
            x = int(np.clip(woman.centres[SAMPLE_STARTS + i, 0], 400, 1368))
            view = Image.fromarray(picture[519:969, x - 400 : x + 400]).resize((1920, 1080), Image.Resampling.BICUBIC)
            target.mux(stream.encode(av.VideoFrame.from_image(view)))
        target.mux(stream.encode(None))
    return path


def speed(scratch: Path, repeat: int) -> None:
    """Print frames a second, of wall time and of processor time, for both landmark networks."""
    woman = next(person for person in read_labels(LABELS) if person.name == "woman")
    source = one_person_clip(scratch / "one.mp4", woman)
    make_clip(source, scratch / "one-clip.mp4", WindowSettings())
    clip = load_clip(scratch / "one-clip.mp4")
    for model, name in (("blazepose", "heavy"), ("blazepose:full", "full")):
        settings = KeypointSettings(model=model)
        wall, processor = [], []
        for i in range(repeat + 1):
            started, busy = time.perf_counter(), time.process_time()
            tracks = track_people(clip, settings)
            if i:  # the first one loads the networks
                wall.append(time.perf_counter() - started)
                processor.append(time.process_time() - busy)
        assert len(tracks) == 1
        assert tracks[0].present.all()
        report(f"perception.{name}_fps", len(clip) / statistics.median(wall), "frames/s")
        report(f"perception.{name}_cpu_ms", 1000 * statistics.median(processor) / len(clip), "ms/frame")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=Path, help="sports2d's demo.mp4; fetched where it is not given")
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        identity(given.demo or fetch_demo(scratch), scratch)
        report("perception.processors", os.cpu_count() or 1, "processors")
        speed(scratch, given.repeat)
    try:
        regressor = importlib.import_module("benchmarks.perception_regressor")
    except ModuleNotFoundError:
        return
    for figure, value, unit in regressor.figures():
        report(figure, value, unit)


if __name__ == "__main__":
    main()
