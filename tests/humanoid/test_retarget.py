from dataclasses import replace
from pathlib import Path

import numpy as np
import pybullet_data
import pytest
from scipy.spatial.transform import Rotation

from core.body import load_body
from core.body.kinematics import body_motion
from core.errors import BadInputError
from core.humanoid.bodies import BODY_NAMES
from core.humanoid.character import LEG_LENGTH
from core.humanoid.deepmimic_file import read_deepmimic
from core.humanoid.kinematics import forward_kinematics, lowest_foot
from core.humanoid.retarget import retarget, rollout_to_body
from core.humanoid.smpl_mapping import humanoid_to_smpl_poses, smpl_to_humanoid_frames
from core.motion import BodyMotion, HumanoidMotion, Rollout
from core.reconstruction.contacts import sole_points

CLIPS = sorted((Path(pybullet_data.getDataPath()) / "data" / "motions").glob("humanoid3d_*.txt"))


@pytest.mark.parametrize("clip", CLIPS, ids=lambda c: c.stem.split("_", 1)[1])
def test_humanoid_to_smpl_and_back_is_exact(clip: Path):
    frames = read_deepmimic(clip).frames
    there = forward_kinematics(frames)
    back = forward_kinematics(smpl_to_humanoid_frames(humanoid_to_smpl_poses(frames), frames[:, :3]))
    assert np.abs(back.positions - there.positions).max() < 1e-6
    for body in range(15):
        a, b = (Rotation.from_quat(p.rotations[:, body], scalar_first=True) for p in (there, back))
        assert np.degrees((a.inv() * b).magnitude()).max() < 1e-4


def positions_of(pose: dict[int, tuple[float, float, float]]) -> dict[str, np.ndarray]:
    poses = np.zeros((1, 24, 3))
    for joint, vector in pose.items():
        poses[0, joint] = np.radians(vector)
    joints = forward_kinematics(smpl_to_humanoid_frames(poses.reshape(1, 72), np.zeros((1, 3)))).joints[0]
    return dict(zip(BODY_NAMES, joints, strict=True))


def test_smpls_t_pose_is_a_t_pose_facing_z():
    at = positions_of({})
    assert at["left_wrist"][0] - at["left_shoulder"][0] == pytest.approx(0.5337, abs=1e-3)  # SMPL's left is +x
    assert at["left_wrist"][1] == pytest.approx(at["left_shoulder"][1])
    assert at["left_ankle"] == pytest.approx((0.084887, -LEG_LENGTH, 0), abs=1e-4)
    assert at["neck"][1] > at["chest"][1] > 0


def test_known_bends_go_the_right_way():
    at = positions_of({4: (90, 0, 0), 16: (0, 0, -90), 18: (0, -90, 0)})
    assert at["left_ankle"][2] - at["left_knee"][2] < -0.2  # the heel goes back, -z
    assert at["left_elbow"][1] < at["left_shoulder"][1] - 0.13  # the arm hangs
    assert at["left_wrist"][2] - at["left_elbow"][2] > 0.13  # the forearm points forward, +z


def test_bones_keep_their_directions_whatever_the_twist():
    rng = np.random.default_rng(3)
    poses = rng.normal(0, 0.8, (200, 24, 3))
    poses[:, 4] = rng.uniform(0.5, 2, (200, 1)) * (1, 0, 0) + rng.normal(0, 0.3, (200, 3))  # bent, twisted, leaning
    frames = smpl_to_humanoid_frames(poses.reshape(200, 72), np.zeros((200, 3)))
    joints = forward_kinematics(frames).joints
    hip, knee = Rotation.from_rotvec(poses[:, 0]) * Rotation.from_rotvec(poses[:, 1]), Rotation.from_rotvec(poses[:, 4])
    names = {n: i for i, n in enumerate(BODY_NAMES)}
    thigh = joints[:, names["left_knee"]] - joints[:, names["left_hip"]]
    shin = joints[:, names["left_ankle"]] - joints[:, names["left_knee"]]
    assert np.allclose(thigh / np.linalg.norm(thigh, axis=1, keepdims=True), hip.apply((0, -1, 0)), atol=1e-9)
    bent = np.degrees(np.arccos(np.clip(np.sum(hip.apply((0, -1, 0)) * (hip * knee).apply((0, -1, 0)), axis=1), -1, 1)))
    direction = (hip * knee).apply((0, -1, 0))[bent > 25]
    assert np.allclose(shin[bent > 25] / np.linalg.norm(shin[bent > 25], axis=1, keepdims=True), direction, atol=1e-9)
    assert (frames[bent > 25, 33] <= 0).all()


def standing(n: int = 4, height: float = 0.95, leg: float = 0.9, frame: str = "world") -> BodyMotion:
    joints = np.zeros((n, 24, 3))
    joints[:, (1, 2)] = ((0.1, height, 0), (-0.1, height, 0))
    joints[:, (4, 5)] = ((0.1, height - leg / 2, 0), (-0.1, height - leg / 2, 0))
    joints[:, (7, 8)] = ((0.1, height - leg, 0), (-0.1, height - leg, 0))
    joints[..., 0] += np.arange(n)[:, None] * 0.09
    return BodyMotion(
        30.0, np.arange(n) / 30, np.zeros((n, 72)), np.zeros(10), np.zeros((n, 3)), joints, np.zeros((n, 33, 3)),
        frame=frame,
    )  # fmt: skip


def test_the_humanoid_stands_on_the_ground_scaled_by_its_legs():
    for height in (0.95, 3.0):
        reference = retarget(standing(height=height))
        assert reference.scale == pytest.approx(LEG_LENGTH / 0.9)
        assert lowest_foot(reference.frames).max() == pytest.approx(0.0, abs=1e-9)
        assert np.allclose(np.diff(reference.frames[:, 0]), 0.09 * reference.scale)


def test_a_picture_is_one_frame():
    assert len(retarget(standing(1))) == 1


def test_unusable_motions_are_refused():
    with pytest.raises(BadInputError, match="camera"):
        retarget(standing(frame="camera"))
    nan = standing().poses.copy()
    nan[0, 0] = np.nan
    broken = standing()
    with pytest.raises(BadInputError, match="NaN"):
        retarget(BodyMotion(30.0, broken.times, nan, broken.betas, broken.trans, broken.joints, broken.landmarks))
    with pytest.raises(BadInputError, match="legs"):
        retarget(standing(leg=0.0))


def performed(reference: HumanoidMotion) -> Rollout:
    """A rollout that follows its reference to the last digit."""
    n, poses = len(reference), forward_kinematics(reference.frames)
    nothing = (np.zeros((n, k)) for k in (36, 28))
    return Rollout(
        reference.fps, reference.times, poses.positions, poses.rotations, *nothing, np.zeros((n, 15, 3)),
        np.zeros((n, 6)), np.zeros((n, 0)), (), "none", "none", scale=reference.scale,
    )  # fmt: skip


def someone_walking() -> BodyMotion:
    """The walk clip on a tall body of SMPL's layout, its feet on the ground, seen by a camera."""
    clip = read_deepmimic(next(c for c in CLIPS if "walk" in c.name))
    betas = np.array([1.5, -0.5, 0.3, 0, 0, 0, 0, 0, 0, 0])
    trans = clip.frames[:, :3] * 1.1 + (0, 0.03, 0)
    cameras = np.tile(np.eye(4), (len(clip), 1, 1))
    cameras[:, 0, 3] = clip.times
    return body_motion(
        load_body(), clip.fps, clip.times, humanoid_to_smpl_poses(clip.frames), betas, trans,
        camera_in_world=cameras, intrinsics=np.eye(3),
    )  # fmt: skip


def test_body_to_humanoid_to_body_keeps_every_joint_closely():
    """Knees of legs that are nearly straight have no plane to come back to; they may differ by millimetres,
    and so may ankles at the end of a leg's reach."""
    motion = someone_walking()
    again = rollout_to_body(performed(retarget(motion)), motion)
    knees, others = [4, 5], [j for j in range(24) if j not in (4, 5)]
    assert np.abs(again.joints[:, others] - motion.joints[:, others]).max() < 3e-3
    assert np.abs(again.joints[:, knees] - motion.joints[:, knees]).max() < 0.01
    assert again.frame == "world"
    assert again.contacts is not None
    assert again.contacts.any()
    assert np.array_equal(again.camera_in_world, motion.camera_in_world)
    assert np.array_equal(again.betas, motion.betas)


def test_feet_that_stand_still_stand_still_on_the_humanoid():
    """Its legs have other proportions: copying rotations alone would make its feet slide."""
    motion = someone_walking()
    scale = retarget(motion).scale
    there = forward_kinematics(retarget(motion).frames).joints
    for humanoid, body in ((BODY_NAMES.index("left_ankle"), 7), (BODY_NAMES.index("right_ankle"), 8)):
        theirs = scale * np.diff(motion.joints[:, body], axis=0)
        ours = np.diff(there[:, humanoid], axis=0)
        assert np.abs(ours - theirs).max() < 2e-3


def test_a_shorter_rollout_takes_the_cameras_of_its_own_times():
    motion = someone_walking()
    reference = retarget(motion)
    part = HumanoidMotion(reference.fps, reference.times[10:20], reference.frames[10:20], scale=reference.scale)
    again = rollout_to_body(performed(part), motion)
    assert np.array_equal(again.camera_in_world, motion.camera_in_world[10:20])
    assert np.abs(again.joints - motion.joints[10:20]).max() < 0.01


def test_another_body_is_not_guessed():
    motion = someone_walking()
    with pytest.raises(BadInputError, match="body"):
        rollout_to_body(performed(retarget(motion)), replace(motion, body_model="smpl"))


@pytest.mark.parametrize("ground_frames", [0, 3, 12])
def test_who_stands_on_a_box_nearly_all_the_time_is_not_put_into_it(ground_frames: int):
    """90 frames on a box of 0.4 m, the last ones beside it, on the ground."""
    heights = np.full(90, 0.4)
    heights[90 - ground_frames :] = 0.0
    trans = np.stack([np.zeros(90), heights, np.zeros(90)], axis=1)
    standing = body_motion(load_body(), 30.0, np.arange(90) / 30, np.zeros((90, 72)), np.zeros(10), trans)
    trans[:, 1] += heights[-1] - sole_points(standing.landmarks)[-1, :, 1].min()
    motion = body_motion(load_body(), 30.0, np.arange(90) / 30, np.zeros((90, 72)), np.zeros(10), trans)
    reference = retarget(motion)
    feet = lowest_foot(reference.frames)
    assert np.allclose(feet, reference.scale * heights, atol=0.01)


def test_who_stands_on_their_hands_stays_above_the_ground():
    poses = np.zeros((60, 24, 3))
    poses[:, 0, 0], poses[:, 16, 2], poses[:, 17, 2] = np.pi, 1.4, -1.4
    trans = np.tile((0.0, 1.0, 0.0), (60, 1))
    motion = body_motion(load_body(), 30.0, np.arange(60) / 30, poses.reshape(60, 72), np.zeros(10), trans)
    reference = retarget(motion)
    root = reference.scale * motion.joints[:, (1, 2)].mean(axis=1)[:, 1]
    assert np.allclose(reference.frames[:, 1], root, atol=0.1)
