"""The humanoid's solids as a GLB: valid, true to the rollout, small, the same bytes every time."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from support.gltf import Glb, assert_clean

from core.errors import BadInputError
from core.export.humanoid_glb import write_humanoid_glb
from core.humanoid.bodies import BODY_NAMES
from core.humanoid.shapes import BOX, SOLIDS
from core.motion import Rollout


def tumbling(T: int = 30, scale: float = 1.0, **more) -> Rollout:
    """Bodies that fly about, turning more than once round."""
    random = np.random.default_rng(5)
    spins = random.normal(size=(15, 3)) * np.linspace(0, 9, T)[:, None, None]
    quaternions = Rotation.from_rotvec(spins.reshape(-1, 3)).as_quat(canonical=True, scalar_first=True)
    content = {
        "body_positions": random.normal(size=(T, 15, 3)), "body_rotations": quaternions.reshape(T, 15, 4),
        "actions": np.zeros((T, 36)), "joint_torques": np.zeros((T, 28)), "contact_forces": np.zeros((T, 15, 3)),
        "residual_wrench": np.zeros((T, 6)), "reward_terms": np.zeros((T, 1)), "reward_names": ("all",),
    }  # fmt: skip
    return Rollout(30.0, np.arange(T) / 30, **(content | more), engine="bullet", tracker="tumbling", scale=scale)


def node_matrices(glb: Glb, time: float) -> dict[str, np.ndarray]:
    """name -> [4,4] in the world of the bodies' nodes."""
    top, *bodies = glb._posed_nodes(time)
    assert glb.json["scenes"][0]["nodes"] == [0]
    assert top["children"] == list(range(1, 16))
    above = np.diag([*top["scale"], 1.0])
    result = {}
    for node in bodies:
        own = np.eye(4)
        own[:3, :3] = Rotation.from_quat(node["rotation"]).as_matrix()
        own[:3, 3] = node["translation"]
        result[node["name"]] = above @ own
    return result


@pytest.mark.parametrize("frames", [1, 2, 40])
def test_the_khronos_validator_finds_nothing(tmp_path, frames):
    write_humanoid_glb(tmp_path / "humanoid.glb", tumbling(frames))
    assert_clean(tmp_path / "humanoid.glb")


@pytest.mark.parametrize("scale", [1.0, 0.8])
def test_its_bodies_are_where_the_rollouts_are(tmp_path, scale):
    rollout = tumbling(scale=scale)
    write_humanoid_glb(tmp_path / "humanoid.glb", rollout)
    glb = Glb.read(tmp_path / "humanoid.glb")
    for i in (0, 7, 29):
        there = node_matrices(glb, rollout.times[i])
        assert list(there) == list(BODY_NAMES)
        for b, name in enumerate(BODY_NAMES):
            np.testing.assert_allclose(there[name][:3, 3], rollout.body_positions[i, b] / scale, atol=1e-5)
            turn = Rotation.from_quat(rollout.body_rotations[i, b], scalar_first=True).as_matrix()
            np.testing.assert_allclose(there[name][:3, :3] * scale, turn, atol=1e-5)


def test_its_meshes_are_the_solids_with_their_outside_out(tmp_path):
    write_humanoid_glb(tmp_path / "humanoid.glb", tumbling(1))
    glb = Glb.read(tmp_path / "humanoid.glb")
    for mesh, name, solid in zip(glb.json["meshes"], BODY_NAMES, SOLIDS, strict=True):
        assert mesh["name"] == name
        (primitive,) = mesh["primitives"]
        points = glb.accessor(primitive["attributes"]["POSITION"]).astype(float)
        corners = points[glb.accessor(primitive["indices"]).reshape(-1, 3)]
        volume = np.linalg.det(corners).sum() / 6
        if solid.kind == BOX:
            half, wanted = np.array(solid.half_size), 8 * np.prod(solid.half_size)
        else:
            half = np.array([solid.radius, solid.radius + solid.length / 2, solid.radius])
            wanted = np.pi * solid.radius**2 * (solid.length + 4 / 3 * solid.radius)
        np.testing.assert_allclose(points.max(axis=0), half, rtol=1e-6)
        np.testing.assert_allclose(points.min(axis=0), -half, rtol=1e-6)
        assert volume == pytest.approx(wanted, rel=0.08)
        assert volume <= wanted * (1 + 1e-6)


def test_between_frames_it_takes_the_short_way(tmp_path):
    write_humanoid_glb(tmp_path / "humanoid.glb", tumbling(60))
    glb = Glb.read(tmp_path / "humanoid.glb")
    animation = glb.json["animations"][0]
    for channel in animation["channels"]:
        if channel["target"]["path"] == "rotation":
            keys = glb.accessor(animation["samplers"][channel["sampler"]]["output"])
            assert (np.sum(keys[1:] * keys[:-1], axis=1) > 0).all()


def test_ten_seconds_fit_into_200_kilobytes_and_the_bytes_are_the_same_every_time(tmp_path):
    for name in ("a.glb", "b.glb"):
        write_humanoid_glb(tmp_path / name, tumbling(300))
    assert (tmp_path / "a.glb").stat().st_size <= 200_000
    assert (tmp_path / "a.glb").read_bytes() == (tmp_path / "b.glb").read_bytes()


def test_what_is_not_finite_is_refused_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "humanoid.glb"
    write_humanoid_glb(path, tumbling(2))
    before = path.read_bytes()
    with pytest.raises(BadInputError, match="finite"):
        write_humanoid_glb(path, tumbling(2, body_positions=np.full((2, 15, 3), np.nan)))
    assert path.read_bytes() == before
