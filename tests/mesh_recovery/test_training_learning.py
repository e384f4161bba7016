"""Training learns, repeats itself by its seed, and exports what it learned."""

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch
from typer.testing import CliRunner

from core.mesh_recovery.contract import read_manifest
from core.mesh_recovery.training.answering import Exported
from core.mesh_recovery.training.batches import BatchSettings, BatchSource
from core.mesh_recovery.training.export import OUTPUTS, export, load_weights, rounded
from core.mesh_recovery.training.losses import LossWeights
from core.mesh_recovery.training.network import NetworkSettings
from core.mesh_recovery.training.poses import PoseSettings
from core.mesh_recovery.training.train import TrainingSettings, save, train
from webapp.cli import app

EASY = BatchSettings(
    PoseSettings(any_way_up=0.0), strength=(0.5, 1.0), without_world=0, without_parts=0, hidden_limb=0, missing_frames=0
)
TINY = TrainingSettings(
    steps=100,
    learning_rate=4e-3,
    data=EASY,
    batch=64,
    critics_batch=16,
    averaging=0.9,
    record_every=20,
    bfloat16=False,
    network=NetworkSettings(window=3, frame_hidden=64, frame_code=32, feature=128, blocks=1, hidden=128),
)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def trained():
    return train(TINY)


def test_it_learns(trained):
    first, last = trained.curves[0], trained.curves[-1]
    # the first guess is good already; what is learnt in seconds is the camera, and a little of the pose
    assert last["reprojection"] < 0.6 * first["reprojection"]
    assert last["joints"] < 0.85 * first["joints"]
    assert last["validation_pa_mm"] < 0.99 * first["validation_pa_mm"]
    assert [record["step"] for record in trained.curves] == [20, 40, 60, 80, 100]


def test_every_term_is_on_record(trained):
    assert {"reprojection", "joints", "rotations", "shape", "adversary", "discriminator"} <= set(trained.curves[0])
    short = replace(TINY, steps=20)
    alone = train(replace(short, weights=LossWeights(adversary=0.0))).curves[0]
    assert "adversary" not in alone
    assert train(replace(short, weights=LossWeights(three_d=False))).curves[0]["joints"] == 0.0


def test_same_seed_same_network():
    short = replace(TINY, steps=8)
    a, b, c = (train(each).regressor.state_dict() for each in (short, short, replace(short, seed=1)))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not all(torch.equal(a[name], c[name]) for name in a)


def test_the_export_answers_as_torch_does(trained, tmp_path):
    export(trained.regressor, tmp_path)
    assert read_manifest(tmp_path).step_s == TINY.network.step_s
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    features = BatchSource(5, TINY.network).draw(7).features
    got = session.run(list(OUTPUTS), {"features": features.numpy()})
    with torch.no_grad():
        wanted = Exported(rounded(trained.regressor))(features)
    for a, b in zip(got, wanted, strict=True):
        assert a.shape == b.shape
        assert np.abs(a - b.numpy()).max() < 1e-4


def test_weights_come_back(trained, tmp_path):
    save(trained, TINY, tmp_path)
    again = load_weights(tmp_path / "regressor.pt", TINY.network)
    features = torch.zeros(1, 3, 199)
    assert torch.equal(again(features)[-1], trained.regressor(features)[-1])
    assert "validation_pa_mm" in (tmp_path / "curves.json").read_text()


def test_the_command_trains_exports_and_refuses_a_full_folder(tmp_path):
    arguments = ["train-hmr", "--out", str(tmp_path / "model"), "--steps", "2", "--no-adversary"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.stderr
    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert names == {"model.onnx", "manifest.json", "regressor.pt", "curves.json"}
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 2
    assert "new or empty folder" in " ".join(again.stderr.split())
