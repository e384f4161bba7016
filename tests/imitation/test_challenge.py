"""Policies against motions: the matrix, its picture, what spoils a cell and what does not."""

import io
import json
import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from core.errors import BadInputError, UnderstudyError
from core.imitation.challenge import Cell, ChallengeSettings, Matrix, challenge
from core.imitation.challenge_picture import draw_challenge
from core.imitation.naming import load_motion, load_policy, short_name
from core.imitation.pretrained import DeepMimicPolicy, data_folder
from core.imitation.rolling import RolloutSettings

SETTINGS = ChallengeSettings(RolloutSettings(seconds=1.5, starts=2), processes=2)


@pytest.fixture(scope="module")
def held():
    motions = {name: load_motion(name)[0] for name in ("walk", "run")}
    buried = motions["walk"].frames.copy()
    buried[:, 1] -= 3
    motions["buried"] = replace(motions["walk"], frames=buried)
    rollouts = {}
    matrix = challenge(
        {"walk": "walk"}, motions, SETTINGS, lambda cell, rollout: rollouts.update({cell.motion: rollout})
    )
    return matrix, rollouts, motions


def test_a_policy_does_its_own_motion_better_than_another(held):
    matrix, rollouts, _ = held
    own, other = matrix.cell("walk", "walk"), matrix.cell("walk", "run")
    assert own.falls[0] is None
    assert own.mean_return > other.mean_return
    assert len(own.falls) == len(own.returns) == 2
    assert rollouts["run"] is not None
    assert rollouts["walk"].tracker == "policy-walk"


def test_a_motion_that_cannot_be_run_spoils_its_own_cell_only(held):
    matrix, rollouts, _ = held
    cell = matrix.cell("walk", "buried")
    assert "ground" in cell.problem
    assert rollouts["buried"] is None
    assert cell.falls == ()
    assert np.isnan(cell.mean_return)


def test_figures_do_not_depend_on_the_number_of_processes(held):
    matrix, _, motions = held
    again = challenge({"walk": "walk"}, {"walk": motions["walk"]}, replace(SETTINGS, processes=1))
    assert again.cell("walk", "walk") == matrix.cell("walk", "walk")


def test_its_processes_end_with_it_also_when_it_is_killed(tmp_path: Path):
    script = tmp_path / "held.py"
    script.write_text(
        "import time\n"
        "from core.imitation.challenge import ChallengeSettings, challenge\n"
        "from core.imitation.naming import load_motion\n"
        "from core.imitation.rolling import RolloutSettings\n"
        "def sit(*_):\n    print('sits', flush=True)\n    time.sleep(600)\n"
        "if __name__ == '__main__':\n"
        "    motions = {name: load_motion(name)[0] for name in ('walk', 'run')}\n"
        "    challenge({'walk': 'walk'}, motions, ChallengeSettings(RolloutSettings(seconds=0.1)), sit)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "sits\n"
    process.kill()
    process.communicate(timeout=60)  # its processes share the pipe: it is open as long as one of them lives


def test_a_process_that_is_killed_is_one_sentence_and_what_was_done_by_then_is_known():
    done = []

    def kill(cell, _):
        done.append(cell.motion)
        for process in multiprocessing.active_children():
            process.kill()

    motions = {f"walk{k}": load_motion("walk")[0] for k in range(8)}
    with pytest.raises(UnderstudyError, match="fewer processes"):
        challenge({"walk": "walk"}, motions, SETTINGS, kill)
    assert 0 < len(done) < len(motions)


@pytest.mark.parametrize("broken_first", [True, False])
def test_what_ended_together_with_a_killed_process_is_known(monkeypatch, broken_first):
    whole, broken = Future(), Future()
    whole.set_result(([], "It lies below the ground.", []))
    broken.set_exception(BrokenProcessPool("killed"))
    ended = [broken, whole] if broken_first else [whole, broken]
    left = iter(ended)
    pool = SimpleNamespace(submit=lambda *_: next(left), shutdown=lambda **_: None)
    monkeypatch.setattr("core.imitation.challenge.ProcessPoolExecutor", lambda *_, **__: pool)
    monkeypatch.setattr("core.imitation.challenge.wait", lambda *_, **__: (ended, []))
    walk, done = load_motion("walk")[0], []
    with pytest.raises(UnderstudyError, match="out of memory"):
        challenge({"walk": "walk"}, {"a": walk, "b": walk}, SETTINGS, lambda cell, _: done.append(cell.motion))
    assert done == ["b" if broken_first else "a"]


def test_it_is_plain_json(held):
    matrix, _, _ = held
    content = json.loads(json.dumps(matrix.to_json(), allow_nan=False))
    assert content["policies"] == ["walk"]
    assert content["cells"][0]["mean_return"] == pytest.approx(matrix.cells[0].mean_return)
    assert content["cells"][2]["mean_return"] is None


def test_the_picture_is_darker_where_a_policy_did_better():
    cells = tuple(
        Cell("walk", motion, "bullet", 20.0, (fall,), (earned,))
        for motion, fall, earned in (
            ("walk", None, 0.9),
            ("spin", 10.0, 0.4),
            ("a_very_long_name_indeed", 0.5, 0.0),
        )
    )
    matrix = Matrix(("walk",), tuple(cell.motion for cell in cells), cells, ChallengeSettings())
    drawing = draw_challenge(matrix)
    picture = np.asarray(Image.open(io.BytesIO(drawing.png())).convert("L")).astype(int)
    assert picture.shape == (round(2 * drawing.height), round(2 * drawing.width))
    bars = [part for part in drawing.parts if part[0] == "bar" and part[4] == 38.0]
    assert len(bars) == 6
    shades = [picture[round(2 * (y + 6)), round(2 * (x + 6))] for _, x, y, *_ in bars]
    assert shades[0] < shades[1] < shades[2]
    assert shades[3] < shades[4] < shades[5]
    assert ">up</text>" in drawing.svg("a challenge")


def test_what_makes_no_challenge_is_refused():
    walk = load_motion("walk")[0]
    with pytest.raises(BadInputError, match="at least one"):
        challenge({}, {"walk": walk})
    with pytest.raises(BadInputError, match="spinkick"):
        challenge({"fly": "fly"}, {"walk": walk})
    with pytest.raises(BadInputError, match="processes"):
        ChallengeSettings(processes=0)


def test_names_of_policies_and_motions(tmp_path):
    stem = data_folder() / "policies" / "humanoid3d" / "humanoid3d_jump.ckpt"
    for what in (stem, f"{stem}.index"):
        policy = load_policy(str(what))
        assert isinstance(policy, DeepMimicPolicy)
        assert short_name(str(what)) == "jump"
    (tmp_path / "mine").mkdir()
    assert short_name(str(tmp_path / "mine" / "policy.onnx")) == short_name(str(tmp_path / "mine")) == "mine"
    with pytest.raises(BadInputError, match=r"policy\.onnx"):
        load_policy(str(tmp_path / "mine"))
    (tmp_path / "policy.onnx").write_bytes(b"junk")
    with pytest.raises(BadInputError, match="cannot be read"):
        load_policy(str(tmp_path / "policy.onnx"))
    with pytest.raises(BadInputError, match="cartwheel"):
        load_motion("fly")
    assert load_motion("cartwheel")[1] is None


def test_a_motion_on_a_box_is_run_on_its_box(monkeypatch):
    asked = {}

    def roll(policy, motion, settings):
        asked[len(asked)] = settings.supports
        raise BadInputError("not run here")

    monkeypatch.setattr("core.imitation.challenge.roll_outs", roll)
    walk, box = load_motion("walk")[0], ((-1.0, 0.0, -1.0, 1.0, 0.3, 1.0),)
    challenge({"walk": "walk"}, {"plain": walk, "boxed": walk}, replace(SETTINGS, processes=1), supports={"boxed": box})
    assert asked == {0: (), 1: box}
