"""AMASS's layout: z up, readable without us, and the same motion when it comes back."""

import numpy as np
import pytest
from support.motions import waving

from core.body import load_body
from core.body.kinematics import body_motion
from core.errors import BadInputError
from core.export.amass import read_amass, write_amass
from core.notices import collecting


@pytest.fixture
def written(tmp_path):
    motion = waving(20)
    write_amass(tmp_path / "motion.npz", motion, load_body())
    return motion, tmp_path / "motion.npz"


def test_a_plain_reader_finds_the_layout(written):
    _, path = written
    with np.load(path) as archive:
        assert archive["poses"].shape == (20, 156)
        assert archive["trans"].shape == (20, 3)
        assert archive["betas"].shape == (16,)
        assert not archive["betas"].any()  # another body's shape space
        assert not archive["poses"][:, 66:].any()
        assert float(archive["mocap_framerate"]) == 30.0
        assert str(archive["gender"]) == "neutral"


def test_turned_back_from_z_up_the_joints_are_the_same(written):
    """Posed by its numbers alone, the body is the motion's, a quarter turn about x away."""
    motion, path = written
    with np.load(path) as archive:
        poses, trans = archive["poses"][:, :72].copy(), archive["trans"]
    there = body_motion(load_body(), 30.0, motion.times, poses, motion.betas, trans).joints
    x, y, z = np.moveaxis(motion.joints, -1, 0)
    np.testing.assert_allclose(there, np.stack([x, -z, y], axis=-1), atol=1e-9)


def test_smplx_reads_it(written):
    """Into smplx's kinematics, with our body's rest joints: its joints are ours to a tenth of a millimetre."""
    lbs = pytest.importorskip("smplx.lbs")
    torch = pytest.importorskip("torch")
    motion, path = written
    body = load_body()
    with np.load(path) as archive:
        poses, trans = archive["poses"][:, :66].reshape(-1, 3), archive["trans"]
    rotations = lbs.batch_rodrigues(torch.tensor(poses)).reshape(20, 22, 3, 3)
    rest = torch.tensor(np.tile(body.rest_joints(motion.betas)[:22], (20, 1, 1)))
    joints, _ = lbs.batch_rigid_transform(rotations, rest, torch.tensor(np.maximum(body.parents[:22], -1)))
    there = joints.numpy() + trans[:, None]
    here = np.stack([motion.joints[..., 0], -motion.joints[..., 2], motion.joints[..., 1]], axis=-1)[:, :22]
    assert np.abs(there - here).max() < 1e-4


def test_it_opens_here_again_as_it_was(written):
    motion, path = written
    with collecting() as notices:
        back = read_amass(path, load_body())
    np.testing.assert_allclose(back.joints, motion.joints, atol=1e-9)
    np.testing.assert_array_equal(back.betas, motion.betas)
    assert (back.fps, back.frame, notices) == (30.0, "world", [])


@pytest.mark.parametrize("width", [72, 156, 165])
def test_files_from_elsewhere_stand_on_the_ground(tmp_path, width):
    poses = np.zeros((4, width))
    poses[:, 0] = np.pi / 2  # upright in a world whose z is up
    np.savez(
        tmp_path / "cmu.npz",
        poses=poses,
        trans=np.tile([3.0, 2.0, 1.3], (4, 1)),
        betas=np.full(16, 2.0),
        gender=np.array(["female"], dtype=object),  # pickled, as AMASS has it
        mocap_frame_rate=120.0,
    )
    with collecting() as notices:
        motion = read_amass(tmp_path / "cmu.npz", load_body())
    assert motion.fps == 120.0
    assert motion.joints[0, 15, 1] > 1.4  # the head is up
    assert np.abs(motion.landmarks[:, [29, 30, 31, 32], 1]).max() < 0.03
    assert not motion.betas.any()
    assert "mean body" in notices[0]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"poses": np.full((3, 156), np.nan)}, "NaN"),
        ({"poses": np.zeros((3, 100))}, "T,156"),
        ({"trans": np.zeros((2, 3))}, "T,3"),
        ({"poses": np.zeros((0, 156)), "trans": np.zeros((0, 3))}, "at least one frame"),
        ({"mocap_framerate": 0.0}, "between 1 and 1000"),
        ({"mocap_framerate": None}, "lacks|should have poses"),
        ({"trans": np.array([["a"] * 3] * 3)}, "numbers only"),
    ],
)
def test_what_is_no_motion_is_named(tmp_path, wrong, words):
    content = {"poses": np.zeros((3, 156)), "trans": np.zeros((3, 3)), "mocap_framerate": 60.0} | wrong
    np.savez(tmp_path / "a.npz", **{name: value for name, value in content.items() if value is not None})
    with pytest.raises(BadInputError, match=words):
        read_amass(tmp_path / "a.npz", load_body())


def test_a_truncated_file_is_named(written):
    _, path = written
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(BadInputError, match="cannot be read"):
        read_amass(path, load_body())
