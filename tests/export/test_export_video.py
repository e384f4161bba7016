"""side_by_side.mp4: three panels that show what they should, frame for frame."""

from dataclasses import replace

import numpy as np
import pytest
from support.motions import spoiled, waving
from support.people import camera_at
from support.videos import write_numbered_video

from core.body import load_body
from core.errors import BadInputError
from core.export.rendering import can_render
from core.export.video import SideBySideSettings, panel_size, write_side_by_side
from core.motion import Track
from core.video import load_clip
from core.video.decode import open_video, read_frames

needs_egl = pytest.mark.skipif(not can_render(), reason="EGL is not installed: run `make`")
SMALL = SideBySideSettings(max_height=240, max_width=3 * 480)


def filmed(tmp_path, frames: int):
    """(clip, track, motion): a body before a clip's camera, its landmarks as keypoints."""
    clip = load_clip(write_numbered_video(tmp_path / "clip.mp4", frames, 25))
    lens = np.array([[clip.height * 0.9, 0, clip.width / 2], [0, clip.height * 0.9, clip.height / 2], [0, 0, 1.0]])
    camera = camera_at([0.3, 1.1, 3.0], pitch=0.05)
    motion = replace(waving(frames, fps=25.0), camera_in_world=np.tile(camera, (frames, 1, 1)), intrinsics=lens)
    seen = (motion.landmarks - camera[:3, 3]) @ camera[:3, :3]
    keypoints = np.ones((frames, 33, 3))
    keypoints[..., :2] = seen[..., :2] / seen[..., 2:] * lens[0, 0] + lens[:2, 2]
    size = np.array([clip.width, clip.height])
    track = Track(25.0, clip.times, keypoints, np.zeros((frames, 33, 3)), np.zeros((frames, 4)), size)
    return clip, track, motion


@needs_egl
@pytest.mark.parametrize("frames", [1, 2, 6])
def test_every_frame_has_three_panels(tmp_path, frames):
    clip, track, motion = filmed(tmp_path, frames)
    path = tmp_path / "out.mp4"
    write_side_by_side(path, clip, track, motion, motion, load_body(), SMALL)
    pictures = list(read_frames(path))
    width, height = panel_size(clip.width, clip.height, SMALL)
    assert [picture.shape for picture in pictures] == [(height, 3 * width, 3)] * frames
    with open_video(path) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert float(stream.average_rate) == 25.0


@needs_egl
def test_the_mesh_lies_on_the_keypoints_and_the_video_stays_around(tmp_path):
    clip, track, motion = filmed(tmp_path, 6)
    path = tmp_path / "out.mp4"
    write_side_by_side(path, clip, track, motion, motion, load_body(), SMALL)
    width, height = panel_size(clip.width, clip.height, SMALL)
    left, middle, right = np.split(list(read_frames(path))[4].astype(int), 3, axis=1)
    hips = track.keypoints[4, [23, 24], :2].mean(axis=0) * [width / clip.width, height / clip.height]
    x, y = hips.astype(int)
    trousers = middle[y - 2 : y + 3, x - 2 : x + 3].mean(axis=(0, 1))
    assert trousers[2] > trousers[0] + 20  # blue
    far = (slice(height - 12, height - 4), slice(4, 40))
    assert np.abs(middle[far] - 0.82 * left[far]).mean() < 12  # nothing but the dimmed video
    greens = right[..., 1] - np.maximum(right[..., 0], right[..., 2])
    assert (greens > 15).sum() > 50  # the performer


@needs_egl
def test_a_performance_that_ended_early_stays_as_it_ended(tmp_path):
    clip, track, motion = filmed(tmp_path, 6)
    write_side_by_side(tmp_path / "out.mp4", clip, track, motion, waving(2, fps=25.0), load_body(), SMALL)
    pictures = [np.split(each.astype(int), 3, axis=1)[2] for each in read_frames(tmp_path / "out.mp4")]
    assert len(pictures) == 6
    assert np.abs(pictures[5] - pictures[3]).mean() < 2


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (720, 1280), (442, 540), (3840, 2160)])
def test_panels_have_the_sources_shape_and_even_sides(width, height):
    w, h = panel_size(width, height, SideBySideSettings())
    assert h <= 540
    assert 3 * w <= 1920
    assert (w % 2, h % 2) == (0, 0)
    assert w / h == pytest.approx(width / height, rel=0.01)


def test_nouns_that_do_not_belong_together_are_named(tmp_path):
    clip, track, motion = filmed(tmp_path, 4)
    out, body = tmp_path / "out.mp4", load_body()
    with pytest.raises(BadInputError, match="know its camera"):
        write_side_by_side(out, clip, track, waving(4), motion, body)
    shorter = filmed(tmp_path, 3)[1]
    with pytest.raises(BadInputError, match="same number of frames"):
        write_side_by_side(out, clip, shorter, motion, motion, body)
    broken = spoiled(waving(4), trans=np.full((4, 3), np.nan))
    with pytest.raises(BadInputError, match="NaN"):
        write_side_by_side(out, clip, track, motion, broken, body)
    assert not out.exists()
