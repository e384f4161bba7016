"""Pictures with more inside than one plain picture, and videos that do not say how long they are."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import ExifTags, Image
from support.videos import frame_number, write_numbered_video

from core.errors import BadInputError
from core.video import WindowSettings, make_clip, probe
from core.video.decode import is_picture, read_picture
from core.video.window import check_source


def recorded_in_a_browser(path: Path, numbered: Path, begins_s: float = 0.0, length_s: float = 0.0) -> Path:
    """`numbered`'s packets in a Matroska or WebM file without a length; the last is put off to `length_s`."""
    with av.open(str(numbered)) as source, av.open(str(path), "w", format="matroska", options={"live": "1"}) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(video=0) if packet.size]
        for packet in packets:
            last = packet is packets[-1]
            at = max(float(packet.pts * packet.time_base), length_s if last else 0.0) + begins_s
            packet.stream, packet.time_base = stream, Fraction(1, 90000)
            packet.pts = packet.dts = round(at * 90000)
            out.mux(packet)
    with av.open(str(path)) as container:
        assert container.duration is None
        assert container.streams.video[0].duration is None
    return path


@pytest.fixture
def numbered(tmp_path: Path) -> Path:
    return write_numbered_video(tmp_path / "numbered.mp4", frames=90, fps=30)


@pytest.mark.parametrize("begins_s", [0.0, 4.0])
def test_a_video_that_states_no_length_is_as_long_as_its_frames(tmp_path, numbered, begins_s):
    source = recorded_in_a_browser(tmp_path / "live.mkv", numbered, begins_s)
    assert probe(source).duration_s == pytest.approx(3.0, abs=0.01)
    # Such a file states no rate either, so the clip's is near 30, and a frame may be left out in between.
    whole = [frame_number(f) for f in make_clip(source, tmp_path / "clip.mp4").frames()]
    assert (whole[0], whole[-1]) == (0, 89)
    part = make_clip(source, tmp_path / "part.mp4", WindowSettings(1.0, 2.0))
    shown = [frame_number(f) for f in part.frames()]
    assert (shown[0], shown[-1]) == (30, 59)


def test_a_webm_as_browsers_record_it_has_a_length(tmp_path):
    path = tmp_path / "recorded.webm"
    with av.open(str(path), "w", format="webm", options={"live": "1"}) as container:
        stream = container.add_stream("libvpx", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(30):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 8 * i, np.uint8), format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert probe(path).duration_s == pytest.approx(1.0, abs=0.01)
    assert len(make_clip(path, tmp_path / "clip.mp4")) == 30


def test_a_long_video_that_states_no_length_is_refused_not_cut(tmp_path, numbered):
    source = recorded_in_a_browser(tmp_path / "live.mkv", numbered, length_s=600.0)
    for refuse in (lambda: check_source(source, WindowSettings()), lambda: make_clip(source, tmp_path / "clip.mp4")):
        with pytest.raises(BadInputError, match="600 s long; at most 120 s"):
            refuse()
    assert not (tmp_path / "clip.mp4").exists()


@pytest.mark.parametrize(("start", "end"), [(20.0, None), (0.0, 20.0)])
def test_a_window_outside_a_video_that_states_no_length_is_named_as_such(tmp_path, numbered, start, end):
    source = recorded_in_a_browser(tmp_path / "live.mkv", numbered)
    with pytest.raises(BadInputError, match=r"only 3\.0 s long"):
        make_clip(source, tmp_path / "clip.mp4", WindowSettings(start, end))


def test_a_broken_off_recording_is_as_long_as_what_came(tmp_path, numbered):
    source = recorded_in_a_browser(tmp_path / "live.mkv", numbered)
    whole = source.read_bytes()
    source.write_bytes(whole[: len(whole) // 2])
    assert 0.5 < probe(source).duration_s < 2.5
    assert len(make_clip(source, tmp_path / "clip.mp4")) > 15


def test_a_photo_with_a_second_picture_inside_is_its_first(tmp_path):
    photo, gain_map = Image.new("RGB", (64, 48), (200, 30, 30)), Image.new("RGB", (32, 24), (0, 0, 255))
    exif = photo.getexif()
    exif[ExifTags.Base.Orientation] = 6
    path = tmp_path / "iphone.jpg"
    photo.save(path, format="MPO", save_all=True, append_images=[gain_map], exif=exif)
    with Image.open(path) as opened:
        assert (opened.format, opened.n_frames) == ("MPO", 2)
    assert is_picture(path)
    picture = read_picture(path)
    assert picture.shape == (64, 48, 3)
    assert np.abs(picture.mean(axis=(0, 1)) - (200, 30, 30)).max() < 4
    assert len(make_clip(path, tmp_path / "clip.mp4")) == 1


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_no_picture(tmp_path, kind):
    frames = [Image.new("RGB", (64, 48), (shade, 0, 0)) for shade in (0, 120, 240)]
    path = tmp_path / f"moves.{kind.lower()}"
    frames[0].save(path, format=kind, save_all=True, append_images=frames[1:])
    assert not is_picture(path)


def test_sixteen_bits_of_grey_keep_their_shades(tmp_path):
    shades = np.arange(0, 65536, 257, dtype=np.uint16)
    Image.fromarray(np.repeat(shades[None], 4, axis=0)).save(tmp_path / "grey.png")
    picture = read_picture(tmp_path / "grey.png")
    assert (picture.shape, picture.dtype) == ((4, 256, 3), np.uint8)
    np.testing.assert_array_equal(picture, np.broadcast_to(np.arange(256)[None, :, None], (4, 256, 3)))
