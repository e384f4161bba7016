"""Cutting windows: constant rate, nearest frames, rotation, pictures, and every kind of broken file."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from support.videos import frame_number, write_numbered_video

from core.errors import BadInputError
from core.video import WindowSettings, decode, load_clip, make_clip, probe
from core.video.window import check_window, clip_rate


@pytest.mark.parametrize(
    ("source", "clip"), [(30, 30), (25, 25), (24, 24), (60, 30), (50, 25), (120, 30), (15, 15), (240, 30)]
)
def test_rates_are_divided_evenly(source, clip):
    assert clip_rate(source) == clip


def test_ntsc_rates_stay_what_they_are():
    assert clip_rate(30000 / 1001) == Fraction(30000, 1001)
    assert clip_rate(60000 / 1001) == Fraction(30000, 1001)


def test_a_window_holds_the_frames_of_its_time(tmp_path: Path):
    source = write_numbered_video(tmp_path / "source.mp4", frames=60, fps=30)
    clip = make_clip(source, tmp_path / "clip.mp4", WindowSettings(0.5, 1.5))
    assert (len(clip), clip.fps, clip.width, clip.height) == (30, 30, 160, 96)
    assert [frame_number(f) for f in clip.frames()] == list(range(15, 45))
    np.testing.assert_allclose(clip.times, np.arange(30) / 30)


def test_sixty_frames_a_second_become_every_second_frame(tmp_path: Path):
    source = write_numbered_video(tmp_path / "source.mp4", frames=60, fps=60)
    clip = make_clip(source, tmp_path / "clip.mp4")
    assert [frame_number(f) for f in clip.frames()] == list(range(0, 60, 2))


def test_variable_frame_rate_is_read_by_time_not_by_count(tmp_path: Path):
    # Frames 0-9 at 30 fps, then a pause of half a second, then 10-19.
    times = [i / 30 for i in range(10)] + [0.3 + 0.5 + i / 30 for i in range(10)]
    source = write_numbered_video(tmp_path / "source.mp4", frames=20, fps=30, times=times)
    clip = make_clip(source, tmp_path / "clip.mp4", WindowSettings(0.0, 1.0))
    numbers = [frame_number(f) for f in clip.frames()]
    at = {round(t, 3): n for t, n in zip(clip.times, numbers, strict=True)}
    nearest = {t: int(np.argmin(np.abs(np.array(times) - t))) for t in at}
    assert all(abs(times[at[t]] - t) <= abs(times[nearest[t]] - t) + 1e-3 for t in at)
    assert numbers[-1] > 10


def test_every_frame_is_a_key_frame(tmp_path: Path):
    source = write_numbered_video(tmp_path / "source.mp4", frames=20, fps=30)
    make_clip(source, tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert all(p.is_keyframe for p in container.demux(video=0) if p.size)


def test_a_rotated_phone_video_comes_out_upright(tmp_path: Path):
    source = write_numbered_video(tmp_path / "source.mp4", frames=6, fps=30, phone_upright=True)
    info = probe(source)
    assert (info.width, info.height) == (96, 160)
    clip = make_clip(source, tmp_path / "clip.mp4")
    assert (clip.width, clip.height) == (96, 160)
    upright = next(clip.frames())
    plain = next(make_clip(write_numbered_video(tmp_path / "p.mp4", 6, 30), tmp_path / "q.mp4").frames())
    assert np.abs(upright.astype(int) - np.rot90(plain, -1).astype(int)).mean() < 4


def test_large_pictures_are_scaled_and_odd_sides_made_even(tmp_path: Path):
    Image.new("RGB", (2001, 1001), (200, 30, 30)).save(tmp_path / "large.png")
    clip = make_clip(tmp_path / "large.png", tmp_path / "clip.mp4", WindowSettings(max_side_px=501))
    assert (len(clip), clip.width, clip.height) == (1, 500, 250)
    assert np.abs(next(clip.frames()).mean(axis=(0, 1)) - (200, 30, 30)).max() < 4


def test_a_clip_is_found_again(tmp_path: Path):
    made = make_clip(write_numbered_video(tmp_path / "s.mp4", 10, 25), tmp_path / "clip.mp4")
    again = load_clip(tmp_path / "clip.mp4")
    assert (again.fps, len(again), again.width, again.height) == (made.fps, len(made), made.width, made.height)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (3.0, 2.0, "after its start"),
        (9.0, None, "only 2.0 s long"),
        (0.0, 9.0, "only 2.0 s long"),
        (-1.0, None, "0 s or later"),
        (float("nan"), None, "0 s or later"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(tmp_path: Path, start, end, words):
    source = write_numbered_video(tmp_path / "source.mp4", frames=60, fps=30)
    with pytest.raises(BadInputError, match=words):
        make_clip(source, tmp_path / "clip.mp4", WindowSettings(start, end))
    assert not (tmp_path / "clip.mp4").exists()


def test_ten_minutes_need_a_window():
    with pytest.raises(BadInputError, match="at most 120 s"):
        check_window(600.0, WindowSettings())
    assert check_window(600.0, WindowSettings(175.0, 180.0)) == (175.0, 180.0)


@pytest.mark.parametrize("content", [b"", b"no video at all" * 100, b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n"])
def test_what_is_no_video_is_refused(tmp_path: Path, content):
    path = tmp_path / "upload.mp4"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match="should be a video"):
        probe(path)


def test_sound_alone_is_refused(tmp_path: Path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44100), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(BadInputError, match="no picture track"):
        probe(path)


def test_a_truncated_file_is_named_as_such(tmp_path: Path):
    source = write_numbered_video(tmp_path / "source.mp4", frames=90, fps=30)
    whole = source.read_bytes()
    source.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInputError, match=r"truncated|cut off"):
        make_clip(source, tmp_path / "clip.mp4")
    assert not (tmp_path / "clip.mp4").exists()


def test_the_part_before_the_break_can_still_be_used(tmp_path: Path):
    source = write_numbered_video(tmp_path / "source.mp4", frames=90, fps=30, index_first=True)
    whole = source.read_bytes()
    source.write_bytes(whole[: int(len(whole) * 0.7)])
    with pytest.raises(BadInputError, match="truncated"):
        make_clip(source, tmp_path / "clip.mp4")
    assert len(make_clip(source, tmp_path / "clip.mp4", WindowSettings(0.0, 1.0))) == 30


def test_slow_motion_is_undone(tmp_path):
    """Filmed at 120 frames a second, played at 30: four seconds of video are one second of life."""
    source = write_numbered_video(tmp_path / "slow.mp4", 120, 30)
    clip = make_clip(source, tmp_path / "clip.mp4", WindowSettings(time_scale=4.0))
    assert clip.fps == 30
    assert len(clip) == 30
    assert np.isclose(clip.times[-1], 29 / 30)
    assert [frame_number(picture) for picture in clip.frames()] == list(range(0, 120, 4))
    part = make_clip(source, tmp_path / "part.mp4", WindowSettings(start_s=2.0, end_s=3.0, time_scale=2.0))
    assert [frame_number(picture) for picture in part.frames()] == list(range(60, 90, 2))


@pytest.mark.parametrize("scale", [0.0, -2.0, float("nan"), 1e6])
def test_time_scales_that_make_no_sense(tmp_path, scale):
    source = write_numbered_video(tmp_path / "a.mp4", 10, 30)
    with pytest.raises(BadInputError, match="time scale"):
        make_clip(source, tmp_path / "clip.mp4", WindowSettings(time_scale=scale))


def test_a_video_in_a_code_that_nobody_knows_is_refused(tmp_path):
    video = write_numbered_video(tmp_path / "a.mkv", frames=3, fps=30)
    video.write_bytes(video.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/XYZ"))
    with pytest.raises(BadInputError, match=r"a\.mkv"):
        decode.probe(video)


def test_a_video_of_far_too_many_pixels_is_refused_before_a_frame_is_decoded(tmp_path, monkeypatch):
    video = write_numbered_video(tmp_path / "a.mp4", frames=3, fps=30)
    monkeypatch.setattr(decode, "_MAX_PX", 160 * 96 - 1)
    monkeypatch.setattr(decode, "timed_frames", None)
    with pytest.raises(BadInputError, match="160 x 96 pixels"):
        decode.probe(video)
