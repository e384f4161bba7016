"""`understudy run --train`: each person with a motion gets a policy; a senseless budget is refused at once."""

from pathlib import Path

from support.people import walker_scene
from support.trainings import clip, small
from typer.testing import CliRunner

from core.run_figures import read_figures
from core.run_folder import RunFolder, write_json
from core.training_stages import RunSettings, train_all
from webapp.cli import app


def test_a_budget_of_zero_is_refused_before_anything_is_done(tmp_path: Path):
    out = tmp_path / "run"
    result = CliRunner().invoke(app, ["run", "SAMPLE", "--train", "0", "--out", str(out)])
    assert result.exit_code == 2
    assert "above zero" in " ".join(result.stderr.split())
    assert not out.exists()


def test_each_person_with_a_motion_gets_a_policy(tmp_path: Path):
    run = RunFolder(tmp_path)
    for person in (0, 1):
        run.person(person).mkdir()
        (run.person(person) / "track.npz").touch()
    clip("kick").save(run.person(1) / "reference.txt")
    folders = list(train_all(run, RunSettings(small(samples=128))))
    assert folders == [RunFolder(tmp_path / "person-1" / "policies" / "1")]
    assert (folders[0].root / "policy.onnx").is_file()
    assert (run.person(1) / "rollouts" / "policy-1-body.glb").is_file()


def test_its_figures_stand_beside_those_of_the_run(tmp_path: Path):
    run, motion = RunFolder(tmp_path), walker_scene(seconds=1.0)
    motion.track.save(run.person(0) / "track.npz")
    motion.truth.save(run.person(0) / "motion.npz")
    clip("kick").save(run.person(0) / "reference.txt")
    write_json(run.metrics, {"0": {"hmr": {"jitter": 1.0}}})
    list(train_all(run, RunSettings(small(samples=128))))
    figures = read_figures(run)["0"]
    assert figures["hmr"] == {"jitter": 1.0}
    assert 0 < figures["policy-1"]["return"] < 1
    assert {"time_to_fall_s", "residual_force_n", "jitter"} <= figures["policy-1"].keys()
