"""Networks of every shape are understood; what is no mesh-recovery network is refused in words."""

import json

import numpy as np
import onnx
import pytest
from onnx import helper
from scipy.spatial.transform import Rotation
from support.hmr_networks import write_keypoint_network, write_network

from core.errors import BadInputError
from core.mesh_recovery.network import HmrNetwork
from core.mesh_recovery.rotation_forms import far_from_rotations, to_matrices

ROTATIONS = Rotation.from_rotvec(np.random.default_rng(1).normal(0, 0.6, (24, 3))).as_matrix()
VECTORS = Rotation.from_matrix(ROTATIONS).as_rotvec()
INTERLEAVED = ROTATIONS[:, :, :2].reshape(24, 6)
CONTIGUOUS = np.swapaxes(ROTATIONS[:, :, :2], 1, 2).reshape(24, 6)
ROWS = ROTATIONS[:, :2].reshape(24, 6)
BETAS, CAMERA = np.arange(10) / 10, np.array([0.9, 0.1, -0.2])
REST = {"betas": BETAS, "pred_cam": CAMERA}

FORMS = {
    "matrices": ({"rotmat": ROTATIONS}, {}),
    "flat matrices": ({"rotmat": ROTATIONS.reshape(216)}, {}),
    "root and body": ({"global_orient": ROTATIONS[:1], "body_pose": ROTATIONS[1:]}, {}),
    "body before root": ({"body_pose": ROTATIONS[1:], "global_orient": ROTATIONS[:1]}, {}),
    "six interleaved": ({"pose6d": INTERLEAVED.reshape(144)}, {}),
    "six by joint": ({"pose6d": INTERLEAVED}, {}),
    "six contiguous": ({"pose6d": CONTIGUOUS.reshape(144)}, {"six_d": "contiguous"}),
    "six rows": ({"pose6d": ROWS.reshape(144)}, {"six_d": "rows"}),
    "six in two parts": ({"root": INTERLEAVED[0], "body": INTERLEAVED[1:].reshape(138)}, {}),
    "axis-angle": ({"pose": VECTORS.reshape(72)}, {}),
    "axis-angle in two parts": ({"global_orient": VECTORS[0], "body_pose": VECTORS[1:].reshape(69)}, {}),
    "two forms at once": ({"pose": VECTORS.reshape(72), "rotmat": ROTATIONS}, {}),
    "named": ({"a": VECTORS, "b": VECTORS[:, ::-1]}, {"outputs": {"rotations": "a"}}),
}


@pytest.mark.parametrize("form", FORMS)
def test_rotations_of_every_form_come_back(tmp_path, form):
    outputs, extra = FORMS[form]
    network = HmrNetwork(write_network(tmp_path, {"family": "spin", **extra}, {**outputs, **REST}))
    answer = network.answer(network.dummy(3))
    assert answer.rotations.shape == (3, 24, 3, 3)
    assert np.allclose(answer.rotations, ROTATIONS, atol=1e-6)
    assert np.allclose(answer.betas, BETAS)
    assert np.allclose(answer.camera, CAMERA)
    assert network.fixed_batch is None


@pytest.mark.parametrize(("pose", "size"), [(VECTORS, 85), (INTERLEAVED, 157)])
def test_hmrs_row_of_everything(tmp_path, pose, size):
    row = np.concatenate([CAMERA, pose.reshape(-1), BETAS])
    assert row.size == size
    network = HmrNetwork(write_network(tmp_path, {"family": "hmr"}, {"theta": row}, image=(224, 224, 3)))
    assert network.ports["image"].channels_last
    answer = network.answer(network.dummy(2))
    assert np.allclose(answer.rotations, ROTATIONS, atol=1e-6)
    assert np.allclose(answer.camera, CAMERA)
    assert np.allclose(answer.betas, BETAS)


def test_a_batch_of_one_is_run_one_by_one_and_halves_are_taken(tmp_path):
    folder = write_network(
        tmp_path, {"family": "spin"}, {"r": ROTATIONS, **REST}, batch=1, half=True, colour="pelvis_m"
    )
    manifest = {"family": "spin", "outputs": {"pelvis": "pelvis_m", "camera": "pred_cam"}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    network = HmrNetwork(folder)
    assert network.fixed_batch == 1
    images = np.linspace(0, 1, 5)[:, None, None, None] * np.ones((1, 224, 224, 3))
    answer = network.answer({"image": images})
    assert np.allclose(answer.pelvis[:, 0], np.linspace(0, 1, 5), atol=2e-3)
    assert np.allclose(answer.rotations, ROTATIONS, atol=2e-3)
    assert far_from_rotations(answer.rotations) < 1e-9


def test_a_fixed_batch_of_four_is_filled_up(tmp_path):
    network = HmrNetwork(write_network(tmp_path, {"family": "spin"}, {"r": ROTATIONS, **REST}, batch=4))
    assert network.fixed_batch == 4
    assert len(network.answer(network.dummy(6)).rotations) == 6


def test_a_batch_that_is_only_declared_free_is_found_out(tmp_path):
    folder = write_network(tmp_path, {"family": "spin"}, {"r": ROTATIONS, **REST}, batch=1)
    model = onnx.load(folder / "model.onnx")
    for put in [*model.graph.input, *model.graph.output]:
        put.type.tensor_type.shape.dim[0].dim_param = "N"
    onnx.save(model, folder / "model.onnx")
    network = HmrNetwork(folder)
    assert network.fixed_batch == 1
    assert len(network.answer(network.dummy(3)).rotations) == 3


def test_a_network_of_keypoints(tmp_path):
    folder = write_keypoint_network(tmp_path, {"rotations": CONTIGUOUS, "betas": BETAS}, inputs=("keypoints",))
    (folder / "manifest.json").write_text(json.dumps({"family": "keypoints", "six_d": "contiguous"}))
    network = HmrNetwork(folder)
    assert not network.sees_pixels
    assert np.allclose(network.answer(network.dummy(2)).rotations, ROTATIONS, atol=1e-6)


@pytest.mark.parametrize(
    ("outputs", "manifest", "words"),
    [
        ({"features": np.zeros(1024)}, {}, r"matrices \[B,24,3,3\].* only features \(features \[B,1024\]\): a feature"),
        ({"r": ROTATIONS[:22], **REST}, {}, r"gives r \[B,22,3,3\]"),
        ({"joints": np.zeros((24, 3)), **REST}, {}, r"gives joints \[B,24,3\], betas"),
        ({"a": ROTATIONS, "b": ROTATIONS, **REST}, {}, "Several outputs could be the rotations: a .* Name the right"),
        ({"r": ROTATIONS, "betas": BETAS}, {}, r"camera \[B,3\] is expected .* \"camera\": \"keypoints\""),
        (
            {"r": ROTATIONS, **REST},
            {"outputs": {"camera": "cam"}},
            r"the output 'cam' for camera, but .*pred_cam",
        ),
        (
            {"r": ROTATIONS, **REST},
            {"outputs": {"camera": "betas"}},
            r"should be \[B,3\], but betas is \[B,10\]",
        ),
        ({"r": ROTATIONS, **REST}, {"outputs": {"rotations": "betas"}}, r"but are betas \[B,10\]"),
        ({"r": 2 * ROTATIONS, **REST}, {}, "orthonormal"),
        ({"r": ROTATIONS * np.nan, **REST}, {}, "r should be finite numbers, but 432 of 432 are not"),
        ({"r": ROTATIONS, **REST, "pred_cam": CAMERA * np.inf}, {}, "pred_cam should be finite"),
        ({"r": ROTATIONS, **REST}, {"input_size": 256}, r"256 x 256 px, .* but the network's input image is"),
    ],
)
def test_what_is_no_such_network_is_refused(tmp_path, outputs, manifest, words):
    folder = write_network(tmp_path, {"family": "spin", **manifest}, outputs)
    with pytest.raises(BadInputError, match=words):
        HmrNetwork(folder)


def test_an_output_without_a_batch_is_named(tmp_path):
    folder = write_network(tmp_path, {"family": "spin"}, {"r": ROTATIONS, **REST}, batch=1)
    model = onnx.load(folder / "model.onnx")
    model.graph.node.append(helper.make_node("Squeeze", ["r"], ["bare"]))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("bare", onnx.TensorProto.FLOAT, [24, 3, 3]))
    onnx.save(model, folder / "model.onnx")
    with pytest.raises(BadInputError, match=r"first axis is not the batch \(1 in this trial\): bare \[24, 3, 3\]"):
        HmrNetwork(folder)


def test_files_that_cannot_be_read(tmp_path):
    folder = write_network(tmp_path, {"family": "spin"}, {"r": ROTATIONS, **REST})
    whole = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInputError, match="should be an ONNX network, but cannot be read"):
        HmrNetwork(folder)
    (folder / "model.onnx").unlink()
    with pytest.raises(BadInputError, match=r"should hold model\.onnx"):
        HmrNetwork(folder)


def test_weights_in_further_files_are_found_or_missed(tmp_path):
    folder = write_network(tmp_path, {"family": "spin"}, {"r": ROTATIONS, **REST})
    model = onnx.load(folder / "model.onnx")
    onnx.save(model, folder / "model.onnx", save_as_external_data=True, location="weights.bin", size_threshold=100)
    assert np.allclose(HmrNetwork(folder).answer({"image": np.zeros((1, 224, 224, 3))}).rotations, ROTATIONS, atol=1e-6)
    (folder / "weights.bin").unlink()
    with pytest.raises(BadInputError, match="weights in further files"):
        HmrNetwork(folder)


def test_custom_operators_are_named(tmp_path):
    folder = write_network(tmp_path, {"family": "spin"}, {"r": ROTATIONS, **REST})
    model = onnx.load(folder / "model.onnx")
    model.graph.node[0].domain, model.graph.node[0].op_type = "com.example", "Special"
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    onnx.save(model, folder / "model.onnx")
    with pytest.raises(BadInputError, match="standard ONNX operators"):
        HmrNetwork(folder)


def test_an_input_that_nobody_knows_is_refused(tmp_path):
    folder = write_keypoint_network(tmp_path, {"rotations": CONTIGUOUS, "betas": BETAS})
    (folder / "manifest.json").write_text(json.dumps({"family": "spin"}))
    with pytest.raises(BadInputError, match=r"should take a picture \[B,3,224,224\].* also wants keypoints"):
        HmrNetwork(folder)


def test_mirrors_are_no_rotations():
    assert far_from_rotations(np.diag([1.0, 1.0, -1.0])[None]) >= 1
    assert np.allclose(to_matrices(np.zeros(3)), np.eye(3))
