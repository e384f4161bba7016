"""People followed over the sample: everybody in every frame, as themselves."""

from pathlib import Path

import numpy as np
import pytest

from core.assets import asset_path
from core.errors import BadInputError, CancelledError, NoPersonError
from core.keypoints import KeypointSettings, track_people
from core.keypoints.gates import bone_lengths
from core.keypoints.scoring import read_labels, score_identity
from core.keypoints.skeletons import INDEX
from core.video.decode import read_frames


@pytest.fixture(scope="module")
def walker_tracks(walker_frames, clip_of):
    return track_people(clip_of(walker_frames))


def test_both_people_are_followed_through_every_frame(walker_tracks):
    assert len(walker_tracks) == 2
    assert all(track.present.all() for track in walker_tracks)


def test_the_tracks_keep_to_their_person(walker_tracks):
    """The man stands on the box, upper left; the woman walks on the grass, lower right, to the left."""
    hips = [track.keypoints[:, [INDEX["left_hip"], INDEX["right_hip"]], :2].mean(axis=1) for track in walker_tracks]
    man, woman = sorted(hips, key=lambda each: each[:, 0].mean())
    assert np.ptp(man[:, 0]) < 120
    assert man[:, 1].max() < 400
    assert woman[:, 1].min() > 600
    assert 250 < woman[0, 0] - woman[-1, 0] < 600


def test_nobody_is_taken_for_the_other_by_the_labels_made_by_hand(walker_tracks):
    """The sample begins with frame 70 of the labelled video."""
    labels = Path(__file__).parents[1] / "data" / "sports2d_demo_labels.json"
    found = score_identity(walker_tracks, read_labels(labels), first_frame=70)
    assert found.swaps == 0
    assert found.coverage == {"woman": 1.0, "man": 1.0}


def test_bone_lengths_are_human_and_steady(walker_tracks):
    for track in walker_tracks:
        lengths = np.array([bone_lengths(world) for world in track.world])
        typical = np.median(lengths, axis=0)
        assert 0.4 < typical[0] < 0.6  # torso
        assert ((typical[[3, 4, 7, 8]] > 0.25) & (typical[[3, 4, 7, 8]] < 0.55)).all()  # thighs and shins
        assert np.median(lengths.std(axis=0) / typical) < 0.15


def test_keypoints_move_smoothly(walker_tracks):
    for track in walker_tracks:
        steps = np.linalg.norm(np.diff(track.keypoints[:, :, :2], axis=0), axis=2)
        assert np.median(steps) < 15  # px of a person of 380 px
        assert np.median(steps, axis=1).max() < 50


def test_boxes_hold_the_keypoints_within_the_picture(walker_tracks):
    for track in walker_tracks:
        boxes = track.boxes
        assert (boxes >= 0).all()
        assert (boxes[:, 2:] <= track.image_size).all()
        inside = np.clip(track.keypoints[:, :, :2], 0, track.image_size)
        assert (inside >= boxes[:, None, :2] - 1e-9).all()
        assert (inside <= boxes[:, None, 2:] + 1e-9).all()


def test_the_largest_comes_first(walker_tracks):
    areas = [np.median(np.prod(track.boxes[:, 2:] - track.boxes[:, :2], axis=1)) for track in walker_tracks]
    assert areas == sorted(areas, reverse=True)


def test_the_same_frames_give_the_same_tracks(walker_frames, clip_of):
    clip = clip_of(walker_frames[:6])
    first, second = track_people(clip), track_people(clip)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.keypoints, b.keypoints)
        np.testing.assert_array_equal(a.world, b.world)


def test_somebody_who_comes_in_between_two_looks_is_followed_back(walker_frames, clip_of):
    """The detector looks at frames 0 and 15; the person is there from frame 8 on."""
    empty = np.full_like(walker_frames[0], 90)
    tracks = track_people(clip_of([empty] * 8 + walker_frames[8:30]))
    for track in tracks:
        assert not track.present[:8].any()
        assert track.present[8:].all()
        assert not track.keypoints[:8].any()
        assert not track.world[:8].any()
        assert not track.boxes[:8].any()
    assert len(tracks) == 2


def test_somebody_hidden_for_a_moment_stays_the_same_person(walker_frames, clip_of):
    empty = np.full_like(walker_frames[0], 90)
    tracks = track_people(clip_of(walker_frames[:15] + [empty] * 6 + walker_frames[21:36]))
    assert len(tracks) == 2
    for track in tracks:
        seen = track.keypoints[:, :, 2].mean(axis=1) > 0.2
        assert seen.tolist() == [True] * 15 + [False] * 6 + [True] * 15
        assert track.present.all()  # half a second is bridged, hardly visible
        assert np.abs(np.diff(track.boxes.mean(axis=1))).max() < 40


def test_the_man_stays_himself_through_his_flip(clip_of):
    """From the box, turning over in the air before the sun, to the crouch on the grass: one track, few frames lost."""
    track = track_people(clip_of(list(read_frames(asset_path("samples/flip.mp4")))))[0]
    hips = track.keypoints[:, [INDEX["left_hip"], INDEX["right_hip"]], 1].mean(axis=1)
    assert track.present.mean() > 0.85
    assert track.present[[0, -1]].all()
    assert hips[0] < 400  # on the box
    assert hips[-1] > 650  # on the grass, getting up


def test_a_picture_is_enough(walker_frames, clip_of):
    tracks = track_people(clip_of(walker_frames[:1]))
    assert len(tracks) == 2
    assert all(track.present.all() for track in tracks)


def test_fragments_are_dropped(walker_frames, clip_of):
    empty = np.full_like(walker_frames[0], 90)
    with pytest.raises(NoPersonError, match="for long enough"):
        track_people(clip_of(walker_frames[:10] + [empty] * 35))


def test_an_empty_clip_says_what_is_wanted(clip_of):
    blank = np.zeros((120, 160, 3), np.uint8)
    with pytest.raises(NoPersonError, match=r"A person should be visible .* nobody was found\. Choose a window"):
        track_people(clip_of([blank] * 20))


def test_an_unknown_model_is_refused(clip_of):
    with pytest.raises(BadInputError, match="blazepose"):
        track_people(clip_of([np.zeros((20, 20, 3), np.uint8)]), KeypointSettings(model="magic"))


def test_no_more_people_than_asked_are_followed(walker_frames, clip_of):
    assert len(track_people(clip_of(walker_frames[:3]), KeypointSettings(max_people=1))) == 1


def test_progress_rises_to_one_and_can_cancel(walker_frames, clip_of):
    seen = []
    track_people(clip_of(walker_frames[:3]), progress=lambda f, m: seen.append(f))
    assert seen == sorted(seen)
    assert seen[-1] == 1

    def cancel(fraction, message):
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        track_people(clip_of([np.zeros((64, 64, 3), np.uint8)] * 6), progress=cancel)
