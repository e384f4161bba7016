"""Forward kinematics and skinning: analytic cases, invariances, agreement with smplx."""

import numpy as np
import pytest

from core.body import load_body
from core.body.kinematics import body_motion, forward_kinematics, landmark_offsets, pose_body, tree_levels
from core.body.rotations import matrix_from_axis_angle
from core.body.skinning import skin
from core.errors import BadInputError


@pytest.fixture(scope="module")
def body():
    return load_body()


def random_motion(frames: int, seed: int = 0, spread: float = 0.5):
    rng = np.random.default_rng(seed)
    return spread * rng.normal(size=(frames, 72)), rng.normal(size=10), rng.normal(size=(frames, 3))


def one_pose(body, **joints):
    """[1,72]: the T-pose with some joints turned (axis-angle, rad)."""
    poses = np.zeros((1, 24, 3))
    for name, turn in joints.items():
        poses[0, body.joint(name)] = turn
    return poses.reshape(1, 72)


def test_the_rest_pose_is_the_rest_body(body):
    betas = np.random.default_rng(2).normal(size=10)
    frames = pose_body(body, np.zeros((1, 72)), betas, np.zeros((1, 3)))
    np.testing.assert_allclose(frames.joints[0], body.rest_joints(betas), atol=1e-12)
    np.testing.assert_allclose(frames.landmarks[0], body.landmark_regressor @ body.rest_vertices(betas), atol=1e-12)
    np.testing.assert_allclose(frames.joint_rotations_world[0], np.tile(np.eye(3), (24, 1, 1)), atol=1e-12)
    np.testing.assert_allclose(
        skin(body, np.zeros((1, 72)), betas, np.zeros((1, 3)))[0], body.rest_vertices(betas), atol=1e-6
    )


def test_an_elbow_bent_by_a_right_angle_puts_the_wrist_in_front_of_it(body):
    rest = body.rest_joints(np.zeros(10))
    elbow, wrist = body.joint("left_elbow"), body.joint("left_wrist")
    # The left arm lies along +x; turning -90 degrees about y takes +x to +z, which is forwards.
    frames = pose_body(body, one_pose(body, left_elbow=(0, -np.pi / 2, 0)), np.zeros(10), np.zeros((1, 3)))
    forearm = rest[wrist] - rest[elbow]
    expected = rest[elbow] + [-forearm[2], forearm[1], forearm[0]]
    np.testing.assert_allclose(frames.joints[0, wrist], expected, atol=1e-12)
    unmoved = [j for j in range(24) if body.names[j] not in ("left_wrist", "left_hand")]
    np.testing.assert_allclose(frames.joints[0, unmoved], rest[unmoved], atol=1e-12)


def test_rotations_compose_down_the_tree(body):
    poses, betas, trans = random_motion(5)
    frames = pose_body(body, poses, betas, trans)
    local = matrix_from_axis_angle(poses.reshape(5, 24, 3))
    rest = body.rest_joints(betas)
    for j in range(1, 24):
        parent = body.parents[j]
        expected = frames.joint_rotations_world[:, parent] @ local[:, j]
        np.testing.assert_allclose(frames.joint_rotations_world[:, j], expected, atol=1e-12)
        bone = (frames.joint_rotations_world[:, parent] @ (rest[j] - rest[parent])[:, None])[..., 0]
        np.testing.assert_allclose(frames.joints[:, j] - frames.joints[:, parent], bone, atol=1e-12)


def test_the_pelvis_is_at_trans_and_everything_moves_with_it(body):
    poses, betas, trans = random_motion(4)
    at_zero = pose_body(body, poses, betas, np.zeros_like(trans))
    moved = pose_body(body, poses, betas, trans)
    np.testing.assert_allclose(moved.joints[:, 0], trans, atol=1e-12)
    np.testing.assert_allclose(moved.joints - trans[:, None], at_zero.joints, atol=1e-12)
    np.testing.assert_allclose(moved.landmarks - trans[:, None], at_zero.landmarks, atol=1e-12)


def test_turning_the_whole_body_turns_every_point_about_the_pelvis(body):
    poses, betas, _ = random_motion(3)
    upright = poses.copy()
    upright[:, :3] = 0
    still = np.zeros((3, 3))
    turn = matrix_from_axis_angle(poses[:, :3])
    turned, plain = pose_body(body, poses, betas, still), pose_body(body, upright, betas, still)
    np.testing.assert_allclose(turned.landmarks, plain.landmarks @ turn.transpose(0, 2, 1), atol=1e-12)


def test_a_mirrored_pose_gives_the_mirrored_body(body):
    poses, betas, trans = random_motion(3, spread=0.4)
    other = [
        body.names.index(n.replace("left", "\0").replace("right", "left").replace("\0", "right")) for n in body.names
    ]
    # Mirroring x keeps the x component of a rotation vector and turns the others round.
    mirrored = (poses.reshape(3, 24, 3)[:, other] * [1, -1, -1]).reshape(3, 72)
    flip = np.array([-1.0, 1.0, 1.0])
    a, b = pose_body(body, poses, betas, trans), pose_body(body, mirrored, betas, trans * flip)
    np.testing.assert_allclose(a.joints[:, other] * flip, b.joints, atol=1e-5)


def test_landmarks_are_the_regressor_on_the_skinned_mesh(body):
    poses, betas, trans = random_motion(70)  # more frames than one chunk of the skinning
    frames = pose_body(body, poses, betas, trans)
    vertices = skin(body, poses, betas, trans)
    np.testing.assert_allclose(
        np.einsum("lv,tvc->tlc", body.landmark_regressor, vertices, optimize=True), frames.landmarks, atol=5e-6
    )
    # The closed form that solvers differentiate.
    offsets = landmark_offsets(body, betas)
    closed = np.einsum("tjab,ljb->tla", frames.joint_rotations_world, offsets, optimize=True)
    np.testing.assert_allclose(closed + body.landmark_weights @ frames.joints, frames.landmarks, atol=1e-10)


def test_skinning_is_rigid_where_one_joint_holds_all_the_weight(body):
    poses, betas, trans = random_motion(2)
    frames = pose_body(body, poses, betas, trans)
    head = body.joint("head")
    held = np.flatnonzero(body.weights[:, head] == 1.0)
    assert len(held) > 100
    rest = body.rest_vertices(betas)[held] - body.rest_joints(betas)[head]
    expected = rest @ frames.joint_rotations_world[:, head].transpose(0, 2, 1) + frames.joints[:, head, None]
    np.testing.assert_allclose(skin(body, poses, betas, trans)[:, held], expected, atol=5e-6)


def test_levels_of_a_tree_put_parents_before_children(body):
    levels = tree_levels(body.parents)
    assert sorted(np.concatenate(levels).tolist()) == list(range(24))
    depth = {int(j): d for d, level in enumerate(levels) for j in level}
    assert all(depth[int(p)] == depth[j] - 1 for j, p in enumerate(body.parents) if p >= 0)


def test_forward_kinematics_of_a_chain_by_hand():
    rest = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]])
    turn = matrix_from_axis_angle(np.array([[[0, 0, np.pi / 2], [0, 0, np.pi / 2], [0, 0, 0.3]]]))
    joints, world = forward_kinematics(np.array([-1, 0, 1]), rest, turn, np.array([[5.0, 0, 0]]))
    np.testing.assert_allclose(joints[0], [[5, 0, 0], [5, 1, 0], [4, 1, 0]], atol=1e-12)
    np.testing.assert_allclose(world[0, 1], np.diag([-1, -1, 1]), atol=1e-12)


def test_body_motion_carries_its_own_joints_and_further_fields(body):
    poses, betas, trans = random_motion(4)
    motion = body_motion(body, 30.0, np.arange(4) / 30, poses, betas, trans, frame="camera", intrinsics=np.eye(3))
    frames = pose_body(body, poses, betas, trans)
    np.testing.assert_array_equal(motion.joints, frames.joints)
    np.testing.assert_array_equal(motion.landmarks, frames.landmarks)
    assert (motion.frame, motion.body_model) == ("camera", "understudy-cc0")


def test_arrays_that_do_not_fit_are_named(body):
    with pytest.raises(BadInputError, match=r"\(2, 72\), \(9,\) and \(2, 3\)"):
        pose_body(body, np.zeros((2, 72)), np.zeros(9), np.zeros((2, 3)))
    with pytest.raises(BadInputError, match="trans"):
        pose_body(body, np.zeros((2, 72)), np.zeros(10), np.zeros((3, 3)))


def test_it_agrees_with_smplx_on_the_same_body(body):
    """smplx's SMPL, given this body's arrays, puts joints and vertices at the same places."""
    smplx = pytest.importorskip("smplx")
    torch = pytest.importorskip("torch")
    from smplx.utils import Struct

    count = len(body.vertices_template)
    data = Struct(
        v_template=np.array(body.vertices_template),
        shapedirs=np.array(body.shape_basis.transpose(1, 2, 0)),
        posedirs=np.zeros((count, 3, 207)),
        J_regressor=np.array(body.joint_regressor),
        weights=np.array(body.weights),
        kintree_table=np.stack([body.parents, np.arange(24)]).astype(np.int64),
        f=np.array(body.faces, np.int64),
    )
    # Its default extra joints are vertices of SMPL's own mesh; any vertices of ours will do.
    extra = dict.fromkeys(smplx.vertex_ids.vertex_ids["smplh"], 0)
    model = smplx.SMPL(model_path="", data_struct=data, vertex_ids=extra, num_betas=10, dtype=torch.float64)
    poses, betas, trans = random_motion(8, spread=0.7)
    with torch.no_grad():
        theirs = model(
            global_orient=torch.tensor(poses[:, :3]),
            body_pose=torch.tensor(poses[:, 3:]),
            betas=torch.tensor(np.tile(betas, (8, 1))),
            transl=torch.tensor(trans),
        )
    ours = pose_body(body, poses, betas, trans)
    np.testing.assert_allclose(ours.joints, theirs.joints[:, :24].numpy(), atol=1e-5)
    np.testing.assert_allclose(skin(body, poses, betas, trans), theirs.vertices.numpy(), atol=1e-5)
