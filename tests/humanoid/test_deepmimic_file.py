import json
from pathlib import Path

import numpy as np
import pybullet_data
import pytest

from core.errors import BadInputError
from core.humanoid.deepmimic_file import read_deepmimic, write_deepmimic
from core.motion import HumanoidMotion

CLIPS = sorted((Path(pybullet_data.getDataPath()) / "data" / "motions").glob("humanoid3d_*.txt"))
WALK = next(c for c in CLIPS if "walk" in c.name)


def test_every_clip_of_pybullet_is_read():
    assert len(CLIPS) == 15
    for clip in CLIPS:
        motion = read_deepmimic(clip)
        assert np.isfinite(motion.frames).all()
        assert np.allclose(np.diff(motion.times), 1 / motion.fps)


def test_walk_is_a_loop_at_30_frames_a_second():
    walk = read_deepmimic(WALK)
    assert (walk.fps, walk.loop, walk.scale, len(walk)) == (30.0, True, 1.0, 39)
    assert walk.frames[-1, 0] - walk.frames[0, 0] > 1.0  # it goes somewhere, along +x


def test_uneven_durations_are_resampled():
    roll = read_deepmimic(next(c for c in CLIPS if "roll" in c.name))
    assert roll.fps == 60.0
    assert len(roll) == 121  # 120 intervals, one of them twice as long, less what the last frame's rounding cuts


def test_what_is_written_is_read_back(tmp_path: Path):
    walk = read_deepmimic(WALK)
    motion = HumanoidMotion(walk.fps, walk.times, walk.frames, loop=False, scale=0.93)
    write_deepmimic(tmp_path / "again.txt", motion)
    again = read_deepmimic(tmp_path / "again.txt")
    assert np.array_equal(again.frames, motion.frames)
    assert (again.fps, again.loop, again.scale) == (motion.fps, False, 0.93)


@pytest.mark.parametrize("fps", [29.98, 30000 / 1001, 24.999, 59.94])
def test_the_rate_of_a_phone_comes_back_as_it_was(tmp_path: Path, fps: float):
    walk = read_deepmimic(WALK)
    motion = HumanoidMotion(fps, np.arange(len(walk)) / fps, walk.frames, loop=True)
    write_deepmimic(tmp_path / "again.txt", motion)
    again = read_deepmimic(tmp_path / "again.txt")
    assert again.fps == fps
    assert np.array_equal(again.times, motion.times)
    content = json.loads((tmp_path / "again.txt").read_text())
    content["Frames"] = [[1 / 60, *row[1:]] for row in content["Frames"]]  # somebody made it faster by hand
    (tmp_path / "again.txt").write_text(json.dumps(content))
    assert read_deepmimic(tmp_path / "again.txt").fps == 60.0


@pytest.mark.parametrize(
    ("durations", "words"),
    [
        ([0.033] * 30 + [1e6, 0.033], "200,000 frames at most"),
        ([1e-12] * 9, "frames a second"),
        ([30.0] * 9, "frames a second"),
    ],
)
def test_no_file_of_a_few_bytes_takes_all_memory(tmp_path: Path, durations: list[float], words: str):
    frame = read_deepmimic(WALK).frames[0].tolist()
    rows = [[duration, *frame] for duration in durations]
    (tmp_path / "slow.txt").write_text(json.dumps({"Loop": "none", "Frames": rows}))
    with pytest.raises(BadInputError, match=words):
        read_deepmimic(tmp_path / "slow.txt")


def test_one_frame_goes_round(tmp_path: Path):
    walk = read_deepmimic(WALK)
    write_deepmimic(tmp_path / "one.txt", HumanoidMotion(30.0, walk.times[:1], walk.frames[:1]))
    assert len(read_deepmimic(tmp_path / "one.txt")) == 1


def content(**changes: object) -> dict:
    return json.loads(WALK.read_text()) | changes


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "JSON"),
        ("not json", "JSON"),
        ("[1, 2]", "object"),
        ("{}", "Frames"),
        (json.dumps(content(Frames=[])), "Frames"),
        (json.dumps(content(Frames=[[0.03] * 43])), "44 numbers"),
        (json.dumps(content(Frames=[[0.03] * 44])), "quaternion"),
        (json.dumps(content(Frames=[["a"] * 44])), "numbers only"),
        (WALK.read_text().replace("0.8475320000", "NaN"), "finite"),
        (json.dumps(content(Scale=-1)), "Scale"),
        (json.dumps(content(Fps="fast")), "Fps"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, text: str, says: str):
    path = tmp_path / "bad.txt"
    path.write_text(text)
    with pytest.raises(BadInputError, match=says):
        read_deepmimic(path)


def test_frames_without_duration_are_refused(tmp_path: Path):
    frames = content()["Frames"]
    frames[3][0] = 0.0
    (tmp_path / "bad.txt").write_text(json.dumps(content(Frames=frames)))
    with pytest.raises(BadInputError, match="longer than 0"):
        read_deepmimic(tmp_path / "bad.txt")
