"""Poses that cannot be the person's are doubted, read again, and weighed down where nothing better is found."""

from dataclasses import replace

import numpy as np
import pytest
from support.people import walker_scene

from core.assets import asset_path
from core.keypoints import KeypointSettings
from core.keypoints.as_track import BRIDGE_VISIBILITY, as_track, bridge
from core.keypoints.doubts import LEAST_TRUST, trust
from core.keypoints.following import Person
from core.keypoints.landmarks import LandmarkNetwork, Pose
from core.keypoints.regions import Region
from core.keypoints.second_look import look_again
from core.motion import Clip


def walker() -> Person:
    """A walker made of numbers, 60 frames."""
    track, person = walker_scene(pixels=1, metres=0.02, seconds=2.0).track, Person()
    for i in range(60):
        x0, y0, x1, y1 = track.boxes[i]
        region = Region((x0 + x1) / 2, (y0 + y1) / 2, 1.25 * (y1 - y0))
        person.poses[i] = Pose(track.keypoints[i], track.world[i], 1.0, region, region)
    return person


def giant(pose: Pose) -> Pose:
    """The same pose half as large again in the picture."""
    middle = pose.keypoints[:, :2].mean(axis=0)
    larger = (pose.keypoints[:, :2] - middle) * 1.5 + middle
    return replace(pose, keypoints=np.column_stack([larger, pose.keypoints[:, 2]]))


def blank_clip(tmp_path) -> Clip:
    return Clip(tmp_path / "none.mp4", 30.0, np.arange(60) / 30, 1280, 720)


def test_a_steady_walker_is_believed():
    assert min(trust(walker()).values()) > 0.9


@pytest.mark.parametrize(
    "spoiled",
    [
        giant,
        lambda pose: replace(pose, presence=0.65),
        lambda pose: replace(pose, world=pose.world * 1.8),
    ],
)
def test_poses_of_another_size_bones_or_presence_are_not(spoiled):
    person = walker()
    for i in range(25, 31):
        person.poses[i] = spoiled(person.poses[i])
    doubted = [i for i, value in trust(person).items() if value < LEAST_TRUST]
    assert doubted == list(range(25, 31))


def test_what_stays_doubtful_is_hardly_visible(tmp_path):
    person = walker()
    for i in range(25, 31):
        person.poses[i] = giant(person.poses[i])
    visibility = as_track(person, blank_clip(tmp_path)).keypoints[:, :, 2].mean(axis=1)
    assert (visibility[25:31] < 0.2).all()
    assert (np.delete(visibility, range(25, 31)) == 1).all()


def test_short_gaps_are_bridged_and_long_ones_are_not(tmp_path):
    person = walker()
    for i in [*range(10, 16), *range(25, 50)]:
        del person.poses[i]
    track = as_track(person, blank_clip(tmp_path))
    assert track.present[10:16].all()
    assert not track.present[25:50].any()
    np.testing.assert_allclose(track.keypoints[10:16, :, 2], BRIDGE_VISIBILITY)
    middles = track.boxes.reshape(-1, 2, 2).mean(axis=1)[9:17]
    np.testing.assert_allclose(np.diff(middles, 2, axis=0), 0, atol=1e-6)


def test_nothing_is_bridged_beyond_the_ends():
    arrays = np.zeros((5, 33, 3)), np.zeros((5, 33, 3)), np.zeros((5, 4))
    bridge([2], *arrays, 15.0)
    assert not any(array.any() for array in arrays)


def test_a_second_look_finds_the_walker_where_the_first_went_wrong():
    """Giants in the place of five poses; the sample's picture has the truth."""
    frames, network = range(40), LandmarkNetwork(2, "blazepose:full")
    clip = Clip(asset_path("samples/walker.mp4"), 30.0, np.arange(40) / 30, 1768, 994)
    person, region = Person(), Region(1308.0, 735.0, 440.0)
    for i, picture in zip(frames, clip.frames(), strict=False):
        (pose,) = network.read(picture, [region])
        person.poses[i], region = pose, pose.next_region
    truth = {i: person.poses[i] for i in range(18, 23)}
    for i in truth:
        person.poses[i] = giant(person.poses[i])
    look_again(clip, person, network, KeypointSettings(model="blazepose:full"))
    for i, pose in truth.items():
        assert np.median(np.linalg.norm(person.poses[i].keypoints[:, :2] - pose.keypoints[:, :2], axis=1)) < 15
        assert i in person.looks
