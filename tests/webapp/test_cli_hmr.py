"""A person's own mesh-recovery network on the command line: tried by `doctor`, used by `run`."""

from pathlib import Path

import numpy as np
from support.hmr_networks import write_network
from typer.testing import CliRunner

from core.motion import BodyMotion
from webapp.cli import app

cli = CliRunner()
UPRIGHT = np.tile(np.eye(3), (24, 1, 1))
UPRIGHT[0] = np.diag([1.0, -1.0, -1.0])
OUTPUTS = {"rotations": UPRIGHT, "betas": np.zeros(10), "pred_cam": [0.8, 0, 0.2]}


def test_doctor_tries_a_network(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path))
    folder = write_network(tmp_path / "net", {"family": "spin", "name": "Plain", "licence": "MIT"}, OUTPUTS)
    result = cli.invoke(app, ["doctor", "--hmr", str(folder)])
    text = " ".join(result.stderr.split())
    assert result.exit_code == 0
    assert "Plain (spin)" in text
    assert "image [3, 224, 224] (any batch) -> rotations from rotations, camera from pred_cam" in text
    assert "MIT" in text


def test_doctor_says_what_is_wrong_with_a_network(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path))
    folder = write_network(tmp_path / "net", {"family": "spin"}, {"features": np.zeros(1024)})
    result = cli.invoke(app, ["doctor", "--hmr", str(folder)])
    assert result.exit_code == 1
    assert "a feature extractor" in " ".join(result.stderr.split())


def test_run_uses_the_network(tmp_path: Path):
    folder = write_network(tmp_path / "net", {"family": "hmr2", "name": "Plain"}, OUTPUTS, image=(3, 256, 256))
    out = tmp_path / "run"
    window = ["--start", "1", "--end", "1.3", "--physics", "none", "--no-video", "--keypoints", "blazepose:full"]
    result = cli.invoke(app, ["run", "SAMPLE", "--hmr", str(folder), "--out", str(out), *window])
    assert result.exit_code == 0, result.stderr
    assert "Plain describes shapes of the body smpl" in " ".join(result.stderr.split())
    hmr = BodyMotion.load(out / "person-0" / "hmr.npz")
    assert np.abs(hmr.poses[:, 3:]).max() < 1e-5
    assert f'"hmr": "{folder}"' in (out / "run.json").read_text()


def test_run_refuses_a_folder_that_is_not_there(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = cli.invoke(app, ["run", "SAMPLE", "--hmr", "nowhere"])
    assert result.exit_code == 2
    assert "embedded, closed-form or a folder with model.onnx" in " ".join(result.stderr.split())
    assert not (tmp_path / "runs").exists()
