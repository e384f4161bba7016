"""Keypoints from a file on a real clip: matched in time, scaled, told apart, given depth."""

import numpy as np
import pytest
from support.openpose_files import body_25, coco_18, write_folder
from support.videos import write_numbered_video

from core.errors import BadInputError, NoPersonError
from core.keypoints import KeypointSettings, track_people
from core.keypoints.gates import bone_lengths, misfit
from core.keypoints.openpose import Recording
from core.keypoints.recorded import _numbered_from_zero, recorded_tracks, sample
from core.keypoints.skeletons import INDEX, SYMMETRIC_PAIRS
from core.keypoints.sources import check_source, fingerprint, tracks_from
from core.notices import collecting
from core.video import load_clip, make_clip
from core.video.decode import frame_times
from core.video.window import WindowSettings

N = 16
GIVEN = [INDEX[name] for name in ("nose", "left_hip", "right_knee", "left_wrist", "right_shoulder")]


@pytest.fixture(scope="module")
def short(walker_frames, clip_of):
    return clip_of(walker_frames[:N])


@pytest.fixture(scope="module")
def truth(short):
    return track_people(short, KeypointSettings(model="blazepose:full"))


def frames_of(truth, convert, scale=1.0, shuffle=True):
    """Both people in every frame, in changing order."""
    order = [truth[:: 1 if i % 2 or not shuffle else -1] for i in range(N)]
    return {i: [convert(track.keypoints[i] * [scale, scale, 1]) for track in order[i]] for i in range(N)}


@pytest.mark.parametrize("convert", [body_25, coco_18])
def test_two_people_keep_their_identity_and_gain_depth(tmp_path, short, truth, convert):
    folder = write_folder(tmp_path / "json", frames_of(truth, convert))
    tracks = recorded_tracks(short, folder, KeypointSettings())
    assert len(tracks) == 2
    for track, true in zip(tracks, truth, strict=True):
        assert track.present.all()
        assert np.abs(track.keypoints[:, GIVEN] - true.keypoints[:, GIVEN]).max() < 0.01
        assert (track.keypoints[:, INDEX["left_pinky"], 2] == 0).all()
        # Points that were not given lie where BlazePose sees them, so that boxes and pictures make sense.
        hands = [INDEX["left_pinky"], INDEX["right_pinky"]]
        assert np.linalg.norm(track.keypoints[:, hands, :2] - true.keypoints[:, hands, :2], axis=-1).max() < 60
        typical = np.median([bone_lengths(world) for world in track.world], axis=0)
        assert 0.4 < typical[0] < 0.6
        assert ((typical[[3, 4, 7, 8]] > 0.25) & (typical[[3, 4, 7, 8]] < 0.55)).all()


def test_every_second_frame_and_shares_of_the_picture(tmp_path, short, truth):
    size = np.array([short.width, short.height, 1.0])
    frames = {i: [p / np.array(size) for p in people] for i, people in frames_of(truth, body_25).items() if i % 2 == 0}
    tracks = recorded_tracks(short, write_folder(tmp_path / "json", frames), KeypointSettings())
    assert len(tracks) == 2
    between = (truth[0].keypoints[4, GIVEN] + truth[0].keypoints[6, GIVEN]) / 2
    assert np.abs(tracks[0].keypoints[5, GIVEN, :2] - between[:, :2]).max() < 1.0


@pytest.mark.parametrize("slower", [1.0, 2.0, 4.0])
def test_frames_are_those_of_the_source_by_time(tmp_path, slower):
    """A source of variable rate, in slow motion or not: the person's points move steadily, so x tells the time."""
    times = np.cumsum([0] + [1 / 30, 1 / 20] * 20).tolist()
    source = write_numbered_video(tmp_path / "source.mp4", len(times), 30, times)
    assert frame_times(source) == pytest.approx(times, abs=1e-4)
    clip = make_clip(source, tmp_path / "clip.mp4", WindowSettings(0.5, 1.5, time_scale=slower))
    at = frame_times(source)
    points = np.column_stack([np.full(33, 5.0), np.linspace(10, 90, 33), np.ones(33)])
    points[::2, 0] += 8
    moving = {i: [body_25(points + np.array([60 * t, 0, 0]))] for i, t in enumerate(at)}
    folder = write_folder(tmp_path / "json", moving)
    clip = load_clip(clip.path)
    track = recorded_tracks(clip, folder, KeypointSettings(), source=source, start_s=0.5, time_scale=slower)[0]
    nose = track.keypoints[:, 0, 0] - points[0, 0]
    nearest = at[np.abs(at[None] - (0.5 + slower * clip.times)[:, None]).argmin(axis=1)]
    assert nose == pytest.approx(60 * nearest, abs=0.01)


def test_the_clip_itself_may_have_been_the_input(tmp_path, short, truth):
    source = write_numbered_video(tmp_path / "source.mp4", 90, 30)
    folder = write_folder(tmp_path / "json", frames_of(truth, body_25))
    tracks = recorded_tracks(short, folder, KeypointSettings(), source=source, start_s=1.0)
    assert np.abs(tracks[0].keypoints[3, GIVEN] - truth[0].keypoints[3, GIVEN]).max() < 0.01


def one_later(frames):
    return {number + 1: people for number, people in frames.items()}


def test_frames_numbered_from_one_are_the_same_frames(tmp_path, short, truth):
    """ffmpeg calls the first picture frame_000001.png, and OpenPose its file after it."""
    frames = one_later(frames_of(truth, body_25))
    with collecting() as notes:
        tracks = recorded_tracks(short, write_folder(tmp_path / "json", frames), KeypointSettings())
    assert len(notes) == 1
    assert "numbered from one" in notes[0]
    for track, true in zip(tracks, truth, strict=True):
        assert np.abs(track.keypoints[:, GIVEN] - true.keypoints[:, GIVEN]).max() < 0.01


@pytest.mark.parametrize(
    ("numbers", "lengths", "first"),
    [
        (range(1, 17), (16,), 0),
        (range(1, 17), (15, 90), 0),
        (range(1, 17), (90, 16), 0),
        (range(1, 19), (16,), 0),
        (range(1, 18, 2), (17,), 0),
        (range(1, 2), (1,), 0),
        (range(16), (16,), 0),
        (range(2, 17), (16,), 2),
        (range(1, 17, 2), (16,), 1),  # every second frame, from number 1 on: the last number is the video's
        ((1, 2, 3, 8, 15), (16,), 1),
        (range(1, 17), (90,), 1),
        (range(1, 17), (19,), 1),  # one less would be too few
    ],
)
def test_which_recordings_are_numbered_from_one(numbers, lengths, first):
    made = _numbered_from_zero(Recording({number: [] for number in numbers}, "BODY_25", False), lengths)
    assert min(made.frames) == first
    assert made.length == max(numbers) + 1 - (min(numbers) - first)


def test_keypoints_of_another_video_are_refused(tmp_path, short, truth):
    source = write_numbered_video(tmp_path / "source.mp4", 90, 30)
    folder = write_folder(tmp_path / "few", {i: [body_25(truth[0].keypoints[0])] for i in range(40)})
    with pytest.raises(BadInputError, match=r"the 90 frames of the video \(or of the 16 of the window\), but have 40"):
        recorded_tracks(short, folder, KeypointSettings(), source=source)
    large = write_folder(tmp_path / "large", frames_of(truth, body_25, scale=4.0))
    with pytest.raises(BadInputError, match="lie outside"):
        recorded_tracks(short, large, KeypointSettings())
    brief = {i: [body_25(truth[0].keypoints[0])] if i == 3 else [] for i in range(N)}
    with pytest.raises(NoPersonError, match="for long enough"):
        recorded_tracks(short, write_folder(tmp_path / "brief", brief), KeypointSettings())


def test_keypoints_that_lie_on_nobody_do_not_break_it(tmp_path, walker_frames, clip_of, truth):
    """The pictures are empty: the network can see no depth, the given points stay."""
    empty = clip_of([np.full_like(walker_frames[0], 90)] * N)
    tracks = recorded_tracks(empty, write_folder(tmp_path / "json", frames_of(truth, body_25)), KeypointSettings())
    assert np.abs(tracks[0].keypoints[:, GIVEN] - truth[0].keypoints[:, GIVEN]).max() < 0.01
    assert np.isfinite(tracks[0].world).all()


def test_sampling_in_time():
    points = {i: np.full((33, 3), float(i + 1)) for i in (0, 1, 2, 4, 20)}
    at = np.arange(21) / 30
    got = sample(points, at, np.arange(0, 42) / 60, 1 / 30)
    assert got[2][0, 0] == 2
    assert got[6][0, 0] == pytest.approx(4)  # frame 3 is missing: between 2 and 4
    assert 20 not in got  # the gap from 4 to 20 is too long
    assert got[40][0, 0] == 21


def test_sources_are_named_or_exist(tmp_path, short):
    check_source("blazepose:full")
    with pytest.raises(BadInputError, match="blazepose, blazepose:full, rtm, or a folder"):
        check_source("rtmo")
    with pytest.raises(BadInputError, match="OpenPose's JSON"):
        tracks_from(short, KeypointSettings(), "nowhere.json")
    path = tmp_path / "a.json"
    path.write_text("{}")
    before = fingerprint(str(path))
    path.write_text("[{}]")
    assert fingerprint(str(path)) != before
    assert fingerprint("rtm") == "rtm"


def test_sides_are_those_of_the_keypoints(tmp_path, short, truth):
    """Keypoints whose left and right are exchanged: depth is turned about, so that limbs stay on their pixels."""
    mirrored = np.arange(33)
    for left, right in SYMMETRIC_PAIRS:
        mirrored[[left, right]] = right, left
    heavy = track_people(short)[:1]
    frames = {i: [body_25(heavy[0].keypoints[i][mirrored])] for i in range(N)}
    track = recorded_tracks(short, write_folder(tmp_path / "json", frames), KeypointSettings())[0]
    standing = [i for i in range(N) if misfit(heavy[0].keypoints[i][mirrored], heavy[0].world[i]) > 0.2]
    assert len(standing) > N / 2
    turned = heavy[0].world[standing][:, mirrored] * [1, 1, -1]
    assert np.median(np.linalg.norm(track.world[standing] - turned, axis=-1)) < 0.05
