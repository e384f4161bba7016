import numpy as np

from core.keypoints.landmarks import LandmarkNetwork, read_pose
from core.keypoints.regions import Region

RNG = np.random.default_rng(5)
LANDMARKS, WORLD = RNG.normal(128, 40, (39, 5)), RNG.normal(0, 0.4, (39, 3))


def test_turning_the_region_turns_keypoints_and_world_landmarks_with_it():
    upright = read_pose(LANDMARKS, 1.0, WORLD, Region(300, 200, 256))
    turned = read_pose(LANDMARKS, 1.0, WORLD, Region(300, 200, 256, np.pi / 2))
    quarter = np.array([[0, -1], [1, 0]])
    arms = upright.keypoints[:, :2] - (300, 200)
    np.testing.assert_allclose(turned.keypoints[:, :2] - (300, 200), arms @ quarter.T, atol=1e-9)
    np.testing.assert_allclose(turned.world[:, :2], upright.world[:, :2] @ quarter.T, atol=1e-9)
    np.testing.assert_allclose(turned.world[:, 2], upright.world[:, 2])


def test_visibility_is_a_probability():
    logits = LANDMARKS.copy()
    logits[:, 3] = [0, 1e9, -1e9, *[1.0] * 36]
    visibility = read_pose(logits, 1.0, WORLD, Region(0, 0, 256)).keypoints[:, 2]
    np.testing.assert_allclose(visibility[:4], [0.5, 1, 0, 1 / (1 + np.exp(-1))], atol=1e-12)


def test_the_next_region_comes_from_the_alignment_points():
    points = LANDMARKS.copy()
    points[33, :2], points[34, :2] = (128, 128), (128, 64)
    pose = read_pose(points, 1.0, WORLD, Region(300, 200, 512, 0.3))
    np.testing.assert_allclose((pose.next_region.x, pose.next_region.y), (300, 200))
    np.testing.assert_allclose((pose.next_region.side, pose.next_region.angle), (2 * 1.25 * 128, 0.3))


def test_a_turned_picture_gives_turned_landmarks(walker_frames):
    """The picture turned by 180 degrees, read in the turned region: the same person."""
    network, picture = LandmarkNetwork(2), walker_frames[0]
    height, width = picture.shape[:2]
    region = Region(1308, 735, 440)
    over = Region(width - region.x, height - region.y, region.side, np.pi)
    (pose,) = network.read(picture, [region])
    (turned,) = network.read(np.ascontiguousarray(picture[::-1, ::-1]), [over])
    moved = np.linalg.norm((width, height) - turned.keypoints[:, :2] - pose.keypoints[:, :2], axis=1)
    assert pose.presence > 0.9
    assert np.median(moved) < 2
    np.testing.assert_allclose(turned.world[:, :2], -pose.world[:, :2], atol=0.05)


def test_several_regions_at_once_are_read_as_one_by_one(walker_frames):
    network = LandmarkNetwork(2)
    regions = [Region(1308, 735, 440), Region(626, 250, 480)]
    together = network.read(walker_frames[0], regions)
    for region, pose in zip(regions, together, strict=True):
        (alone,) = network.read(walker_frames[0], [region])
        np.testing.assert_allclose(pose.keypoints, alone.keypoints, atol=0.05)


def test_no_regions_no_poses(walker_frames):
    assert LandmarkNetwork(2).read(walker_frames[0], []) == []
