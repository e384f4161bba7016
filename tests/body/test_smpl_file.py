"""A person's SMPL-family file: read as a body, whichever of its forms; hostile and damaged ones are refused.

No licensed file can lie here: the ones read are made from the body that ships, in the published files' layout.
"""

import os
import pickle
import sys
import types

import numpy as np
import pytest
import scipy.sparse
from support.motions import waving
from support.people import walk
from support.smpl_files import SHIFT, smpl_arrays

from core.body import load_body
from core.body.kinematics import body_motion, pose_body
from core.body.moving import betas_for_joints, move_to_body
from core.body.skinning import skin
from core.body.smpl_file import read_smpl_body
from core.errors import BadInputError
from core.export.amass import read_amass, write_amass
from core.export.glb import write_glb


def smplx_arrays(hand_start: int, joints: int) -> dict[str, np.ndarray]:
    """The same with fingers (and, for SMPL-X, jaw and eyes) as joints of their own, which share the hand's weight."""
    arrays = smpl_arrays()
    V = len(arrays["weights"])
    weights, regressor = np.zeros((V, joints)), np.zeros((joints, V))
    weights[:, :22], regressor[:22] = arrays["weights"][:, :22], arrays["J_regressor"][:22]
    regressor[22:] = regressor[15]
    for hand, start in ((22, hand_start), (23, hand_start + 15)):
        regressor[start : start + 15] = arrays["J_regressor"][hand]
        for finger in range(4):
            weights[:, start + 3 * finger] = arrays["weights"][:, hand] / 4
    if joints == 55:
        weights[:, 22] = 0.25 * weights[:, 15]  # the jaw
        weights[:, 15] *= 0.75
    parents = np.concatenate([load_body().parents[:22], np.full(joints - 22, 20)])
    tree = np.stack([parents, np.arange(joints)])
    return arrays | {"weights": weights, "J_regressor": regressor, "kintree_table": tree}


class _FakeChumpy:
    """Modules with the names of chumpy's classes while a pickle is written, as the official files have them."""

    def __enter__(self):
        self.ch, self.reordering = types.ModuleType("chumpy.ch"), types.ModuleType("chumpy.reordering")
        self.ch.Ch = type("Ch", (), {"__module__": "chumpy.ch"})
        self.reordering.Select = type("Select", (), {"__module__": "chumpy.reordering"})
        self.names = {"chumpy": types.ModuleType("chumpy"), "chumpy.ch": self.ch, "chumpy.reordering": self.reordering}
        sys.modules.update(self.names)
        return self

    def __exit__(self, *_):
        for name in self.names:
            del sys.modules[name]

    def lazy(self, x):
        made = self.ch.Ch()
        made.x = x
        return made

    def selected(self, a, idxs, shape):
        made = self.reordering.Select()
        made.a, made.idxs, made.preferred_shape = self.lazy(a), idxs, shape
        return made


def write_pickle(path, protocol: int, arrays: dict) -> None:
    with _FakeChumpy() as chumpy:
        shapes = arrays["shapedirs"]
        content = arrays | {
            "J_regressor": scipy.sparse.csc_matrix(arrays["J_regressor"]),
            "weights": chumpy.lazy(arrays["weights"]),
            "v_template": np.asfortranarray(arrays["v_template"]),
            "shapedirs": chumpy.selected(shapes, np.arange(shapes.size), shapes.shape),
            "bs_type": "lrotmin",
            "dirty": {1, 2},
            "scale": np.float64(1.0),
        }
        path.write_bytes(pickle.dumps(content, protocol=protocol))


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    path = tmp_path_factory.mktemp("smpl") / "basicmodel_neutral.npz"
    np.savez(path, **smpl_arrays())
    return read_smpl_body(path)


def test_it_is_the_body_that_was_written(read):
    own, motion = load_body(), waving(5)
    assert read.name == "smpl:basicmodel_neutral"
    there = pose_body(read, motion.poses, motion.betas, motion.trans)
    np.testing.assert_allclose(there.joints, motion.joints + SHIFT, atol=1e-9)
    np.testing.assert_allclose(
        skin(read, motion.poses, motion.betas, motion.trans),
        skin(own, motion.poses, motion.betas, motion.trans) + SHIFT,
        atol=1e-5,
    )


def test_landmarks_and_outfit_are_carried_over(read):
    own = load_body()
    there = read.landmark_regressor @ read.vertices_template - SHIFT
    assert np.linalg.norm(there - own.landmark_regressor @ own.vertices_template, axis=1).max() < 2e-3
    np.testing.assert_allclose(read.landmark_regressor.sum(axis=1), 1, atol=1e-9)
    np.testing.assert_array_equal(read.region_weights, own.region_weights)


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_pickles_with_chumpy_and_sparse_matrices_are_read(read, tmp_path, protocol):
    write_pickle(tmp_path / "model.pkl", protocol, smpl_arrays())
    assert "chumpy" not in sys.modules
    there = read_smpl_body(tmp_path / "model.pkl")
    for name in ("vertices_template", "shape_basis", "joint_regressor", "weight_values", "landmark_regressor", "faces"):
        np.testing.assert_allclose(getattr(there, name), getattr(read, name), atol=1e-12)


@pytest.mark.parametrize(("start", "joints", "family"), [(22, 52, "smplh"), (25, 55, "smplx")])
def test_fingers_jaw_and_eyes_go_to_hand_and_head(read, tmp_path, start, joints, family):
    np.savez(tmp_path / "model.npz", **smplx_arrays(start, joints))
    body = read_smpl_body(tmp_path / "model.npz")
    assert body.name == f"{family}:model"
    np.testing.assert_allclose(body.joint_regressor, read.joint_regressor, atol=1e-9)
    np.testing.assert_allclose(body.weights, read.weights, atol=1e-9)


def test_a_motion_moves_to_it_with_its_bone_lengths(tmp_path):
    """A body whose shape space is another (half the steps, other axes): lengths are fitted, feet stay on the ground."""
    arrays = smpl_arrays()
    arrays["shapedirs"] = 0.5 * arrays["shapedirs"][:, :, ::-1]
    np.savez(tmp_path / "other.npz", **arrays)
    there, here, motion = read_smpl_body(tmp_path / "other.npz"), load_body(), walk(seconds=1.0)
    moved = move_to_body(motion, here, there)
    assert moved.body_model == "smpl:other"
    np.testing.assert_allclose(moved.betas, 2 * motion.betas[::-1], atol=0.4)
    assert np.linalg.norm(moved.joints - motion.joints, axis=-1).max() < 0.01
    lowest = [each.landmarks[:, [29, 30, 31, 32], 1].min() for each in (motion, moved)]
    assert abs(lowest[0] - lowest[1]) < 0.005
    assert moved.contacts is motion.contacts or (moved.contacts == motion.contacts).all()


def test_shape_is_found_again_from_bone_lengths():
    body = load_body()
    betas = np.array([1.5, -1.0, 0.5, 0.8, 0, 0, 0, 0, 0, 0])
    found = betas_for_joints(body, body.rest_joints(betas))
    assert np.abs(body.rest_joints(found) - body.rest_joints(betas)).max() < 0.006


def test_files_of_a_motion_on_it_have_its_betas(read, tmp_path):
    motion = move_to_body(waving(4), load_body(), read)
    write_amass(tmp_path / "a.npz", motion, read)
    with np.load(tmp_path / "a.npz") as archive:
        np.testing.assert_allclose(archive["betas"][:10], motion.betas)
    back = read_amass(tmp_path / "a.npz", read)
    np.testing.assert_allclose(back.joints, motion.joints, atol=1e-9)
    write_glb(tmp_path / "a.glb", motion, read)
    assert (tmp_path / "a.glb").stat().st_size > 100_000


class _Shell:
    """Runs a command where it is unpickled by anything that trusts it."""

    def __init__(self, call, *arguments):
        self.parts = (call, arguments)

    def __reduce__(self):
        return self.parts


def hostile(tmp_path):
    """{how: pickle} of programs that leave a file behind if they are run."""
    mark = tmp_path / "ran"
    shell = f"touch {mark}"
    return mark, {
        "posix.system": _Shell(os.system, shell),
        "builtins.eval": _Shell(eval, f"__import__('os').system('{shell}')"),
        "builtins.getattr": _Shell(getattr, "os", "upper"),
        "subprocess.Popen": _Shell(__import__("subprocess").Popen, ["touch", str(mark)]),
    }


@pytest.mark.parametrize("how", ["posix.system", "builtins.eval", "builtins.getattr", "subprocess.Popen"])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_wants_to_run_something_is_refused_by_name(tmp_path, how, protocol):
    mark, programs = hostile(tmp_path)
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(smpl_arrays() | {"extra": programs[how]}, protocol=protocol))
    with pytest.raises(BadInputError, match="asks for .*" + how.split(".")[1]):
        read_smpl_body(path)
    assert not mark.exists()
    pickle.loads(pickle.dumps(programs["posix.system"]))  # the program works where it is trusted
    assert mark.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"cnumpy\ndtype.__class__\n.",
        b"\x80\x04\x8c\x05numpy\x8c\x10load.__globals__\x93.",
        b"ccopyreg\n_reconstructor\n(cbuiltins\nset\ncbuiltins\nobject\nNtR.",
        b"c__main__\nx\n.",
        b"\x82\x01.",
    ],
)
def test_ways_round_the_list_are_refused(tmp_path, content):
    (tmp_path / "model.pkl").write_bytes(content)
    with pytest.raises(BadInputError, match="should"):
        read_smpl_body(tmp_path / "model.pkl")


def test_numpy_is_not_handed_a_state_that_lies(tmp_path):
    """Raw bytes declared as pointers to objects would be followed; a wrong length would be read past its end."""

    class Lying:
        def __init__(self, dtype, shape, raw):
            self.state = (1, shape, dtype, False, raw)

        def __reduce__(self):
            return np.zeros(0).__reduce__()[0], (np.ndarray, (0,), b"b"), self.state

    for dtype, shape, raw in (("O", (2,), b"A" * 16), ("f8", (10**6, 3), b"A" * 16), ("V8", (2,), b"A" * 16)):
        arrays = smpl_arrays() | {"v_template": Lying(np.dtype(dtype), shape, raw)}
        (tmp_path / "model.pkl").write_bytes(pickle.dumps(arrays, protocol=2))
        with pytest.raises(BadInputError, match="cannot be read"):
            read_smpl_body(tmp_path / "model.pkl")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": None}, "lacks weights"),
        ({"v_template": np.zeros((50, 3))}, "vertices"),
        ({"kintree_table": np.zeros((2, 17))}, "joints"),
        ({"shapedirs": np.zeros((10, 3, 10))}, "shapedirs should have the shape"),
        ({"f": np.full((4, 3), 10**6)}, "faces"),
        ({"v_template": np.full((13492, 3), np.nan)}, "NaN"),
        ({"v_template": np.array(["a"] * 300)}, "numbers only"),
        ({"kintree_table": np.zeros((2, 24))}, "tree"),
        ({"v_template": "in millimetres"}, "metres"),
        ({"weights": "unequal"}, "sum to one"),
    ],
)
def test_models_that_do_not_fit_are_named(tmp_path, change, words):
    arrays = smpl_arrays()
    odd = {"in millimetres": 1000 * arrays["v_template"], "unequal": 2 * arrays["weights"]}
    for name, value in change.items():
        arrays[name] = odd[value] if isinstance(value, str) else value
    np.savez(tmp_path / "model.npz", **{name: value for name, value in arrays.items() if value is not None})
    with pytest.raises(BadInputError, match=words):
        read_smpl_body(tmp_path / "model.npz")


def test_damaged_and_other_files_are_named(tmp_path):
    np.savez(tmp_path / "whole.npz", **smpl_arrays())
    whole = (tmp_path / "whole.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    write_pickle(tmp_path / "whole.pkl", 2, smpl_arrays())
    (tmp_path / "cut.pkl").write_bytes((tmp_path / "whole.pkl").read_bytes()[:100_000])
    (tmp_path / "empty.pkl").touch()
    (tmp_path / "list.pkl").write_bytes(pickle.dumps([1, 2]))
    (tmp_path / "model.txt").write_text("hello")
    for name, words in {
        "cut.npz": "cannot be read",
        "cut.pkl": "cannot be read",
        "empty.pkl": "cannot be read",
        "list.pkl": "dictionary",
        "model.txt": "ends in",
        "missing.npz": "does not exist",
    }.items():
        with pytest.raises(BadInputError, match=words):
            read_smpl_body(tmp_path / name)


def test_a_motion_of_another_body_is_not_moved(read):
    motion = body_motion(read, 30.0, np.zeros(1), np.zeros((1, 72)), np.zeros(10), np.zeros((1, 3)))
    with pytest.raises(BadInputError, match="should be on the body"):
        move_to_body(motion, load_body(), read)
