"""Legs bent so that ankles go where they should."""

import numpy as np
from support.people import walk

from core.body import load_body
from core.body.kinematics import pose_body
from core.body.leg_ik import LEGS, move_ankles
from core.mesh_recovery.closed_form import local_axis_angles


def test_legs_reach_where_they_can_and_feet_keep_their_rotation():
    truth = walk(seconds=1.0)
    body = load_body()
    before = pose_body(body, truth.poses, truth.betas, truth.trans)
    moves = np.tile([[[0.03, 0.02, -0.04], [-0.02, 0.04, 0.03]]], (30, 1, 1))
    rotations = move_ankles(before.joints, before.joint_rotations_world, moves)
    after = pose_body(body, local_axis_angles(rotations, body.parents), truth.betas, truth.trans)
    for side, ((hip, knee, ankle), toes) in enumerate(zip(LEGS, (10, 11), strict=True)):
        got = after.joints[:, ankle] - before.joints[:, ankle]
        assert np.abs(got - moves[:, side]).max() < 0.012  # a nearly straight leg may fall short
        assert np.median(np.abs(got - moves[:, side])) < 1e-4
        assert np.allclose(
            after.joints[:, toes] - after.joints[:, ankle], before.joints[:, toes] - before.joints[:, ankle]
        )
        assert np.allclose(after.joints[:, hip], before.joints[:, hip])
        assert np.linalg.norm(after.joints[:, knee] - before.joints[:, knee], axis=1).max() < 0.12


def test_legs_that_need_not_move_do_not():
    truth = walk(seconds=1.0)
    posed = pose_body(load_body(), truth.poses, truth.betas, truth.trans)
    got = move_ankles(posed.joints, posed.joint_rotations_world, np.zeros((30, 2, 3)))
    assert np.allclose(got, posed.joint_rotations_world, atol=0.01)
