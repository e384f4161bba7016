"""`understudy rollout` and `understudy challenge`: what they leave in their folders, what they refuse."""

import json
from pathlib import Path

import pytest
from PIL import Image
from support.gltf import Glb
from support.policies import still_policy
from typer.testing import CliRunner

from core.errors import UnderstudyError
from core.export.sources import motion_from_file
from core.motion import Rollout
from webapp.cli import app

cli = CliRunner()


def test_a_rollout_is_measured_and_can_be_exported(tmp_path: Path):
    out = tmp_path / "out"
    arguments = ["rollout", "walk", "--motion", "walk", "--seconds", "1", "--out", str(out), "--json"]
    result = cli.invoke(app, arguments)
    assert result.exit_code == 0, result.stderr
    names = {"motion.npz", "reference.txt", "policy-walk.npz", "policy-walk-body.glb", "policy-walk-humanoid.glb"}
    assert {path.name for path in out.iterdir()} == names
    figures = json.loads(result.stdout)
    assert figures["time_to_fall_s"] is None
    assert 0.5 < figures["return"] < 1
    assert len(Rollout.load(out / "policy-walk.npz")) == len(motion_from_file(out / "policy-walk.npz")) == 31
    assert "stayed up" in result.stderr


def test_a_policys_name_is_no_path_and_no_markup(tmp_path: Path):
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "policy.onnx").write_bytes(still_policy("[/x]/../../escaped"))
    out = tmp_path / "in" / "out"
    arguments = ["rollout", str(tmp_path / "given"), "--motion", "walk", "--seconds", "0.1", "--out", str(out)]
    result = cli.invoke(app, arguments)
    assert result.exit_code == 0, result.stderr
    assert (out / "policy-escaped.npz").is_file()
    assert not list(tmp_path.rglob("escaped*"))


def test_a_challenge_leaves_a_matrix_a_picture_and_rollouts(tmp_path: Path):
    out = tmp_path / "out"
    arguments = ["challenge", "--policy", "walk", "--motion", "walk", "--motion", "jump", "--seconds", "0.4"]
    result = cli.invoke(app, [*arguments, "--starts", "1", "--processes", "1", "--out", str(out), "--json"])
    assert result.exit_code == 0, result.stderr
    matrix = json.loads((out / "matrix.json").read_text())
    assert matrix == json.loads(result.stdout)
    assert [cell["motion"] for cell in matrix["cells"]] == ["walk", "jump"]
    assert Image.open(out / "matrix.png").size[0] > 1000
    assert (out / "matrix.svg").read_text().startswith("<svg")
    assert len(list((out / "rollouts").iterdir())) == 4
    glb = Glb.read(out / "rollouts" / "walk-on-jump-humanoid.glb")
    assert glb.json["extras"]["tracker"] == "policy-walk"


@pytest.mark.parametrize(("cores", "processes"), [(3, 3), (300, 256)])
def test_a_challenge_takes_the_cores_that_it_may_use_and_says_what_went_wrong(tmp_path, monkeypatch, cores, processes):
    taken = []

    def challenge(policies, motions, settings, *_):
        taken.append(settings.processes)
        raise UnderstudyError("One has gone.")

    monkeypatch.setattr("core.imitation.challenge.challenge", challenge)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)), raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 1000)
    result = cli.invoke(app, ["challenge", "--policy", "walk", "--motion", "walk", "--out", str(tmp_path / "out")])
    assert (result.exit_code, taken) == (2, [processes])
    assert "One has gone." in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rollout", "fly", "--motion", "walk"], "spinkick"),
        (["rollout", "walk", "--motion", "fly"], "cartwheel"),
        (["rollout", "walk", "--motion", "walk", "--engine", "dice"], "bullet, mujoco"),
        (["rollout", "walk", "--motion", "walk", "--seconds", "-1"], "600 s"),
        (["challenge", "--policy", "fly"], "spinkick"),
        (["challenge", "--policy", "walk", "--policy", "walk"], "names of their own"),
        (["challenge", "--starts", "0"], "1 to 256"),
        (["challenge", "--processes", "0"], "processes"),
    ],
)
def test_what_is_none_is_one_plain_sentence(tmp_path: Path, arguments: list[str], words: str):
    result = cli.invoke(app, [*arguments, "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()
