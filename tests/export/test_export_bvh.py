"""BVH: read back by another program's reader, its joints are where the motion's are."""

import bvhio
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from support.motions import waving

from core.body import load_body
from core.body.kinematics import body_motion
from core.export.bvh import bvh_text, euler_angles, write_bvh

MILLIMETRE = 1e-3


def joints_read_back(path, frames) -> np.ndarray:
    """[len(frames),24,3] m in the body's order, as bvhio computes them."""
    root = bvhio.readAsHierarchy(str(path))
    found = []
    for t in frames:
        root.loadPose(t)
        places = {joint.Name: np.array(joint.PositionWorld) / 100 for joint, _, _ in root.layout()}
        found.append([places[name] for name in load_body().names])
    return np.array(found)


@pytest.mark.parametrize("frames", [1, 2, 90])
def test_bvhio_finds_the_joints_where_they_were(tmp_path, frames):
    motion = waving(frames)
    write_bvh(tmp_path / "motion.bvh", motion, load_body())
    chosen = sorted({0, frames // 2, frames - 1})
    there = joints_read_back(tmp_path / "motion.bvh", chosen)
    assert np.linalg.norm(there - motion.joints[chosen], axis=-1).max() < MILLIMETRE


def test_a_motion_in_the_cameras_frame_is_turned_upright(tmp_path):
    motion = waving(3, frame="camera")
    write_bvh(tmp_path / "motion.bvh", motion, load_body())
    there = joints_read_back(tmp_path / "motion.bvh", [2])
    np.testing.assert_allclose(there[0], motion.joints[2] * [1, -1, -1], atol=MILLIMETRE)


def test_it_says_how_many_frames_and_how_long_each_lasts():
    lines = bvh_text(waving(5, fps=25.0), load_body()).splitlines()
    assert lines[0] == "HIERARCHY"
    assert "Frames: 5" in lines
    assert "Frame Time: 0.04000000" in lines
    assert len(lines) - lines.index("Frame Time: 0.04000000") - 1 == 5


def test_angles_go_on_through_a_somersault():
    """Three turns forwards, through the angles' singularity at 90 degrees: no jump, and the rotations are kept."""
    turns = np.linspace(0, 6 * np.pi, 200)
    poses = np.zeros((200, 1, 3))
    lean = Rotation.from_rotvec([0.05, 0.02, 0.3])
    poses[:, 0] = (Rotation.from_rotvec(np.outer(turns, [1, 0, 0])) * lean).as_rotvec()
    angles = euler_angles(poses)
    assert np.abs(np.diff(angles, axis=0)).max() < 45
    back = Rotation.from_euler("ZXY", angles[:, 0], degrees=True)
    assert (back.inv() * Rotation.from_rotvec(poses[:, 0])).magnitude().max() < 1e-6


def test_bones_have_the_motions_own_lengths(tmp_path):
    body = load_body()
    motion = body_motion(body, 30.0, np.zeros(1), np.zeros((1, 72)), np.eye(10)[0] * 2, np.zeros((1, 3)))
    write_bvh(tmp_path / "tall.bvh", motion, body)
    np.testing.assert_allclose(joints_read_back(tmp_path / "tall.bvh", [0])[0], motion.joints[0], atol=1e-6)
