"""The command line: what it makes, what it refuses, what it leaves alone."""

import json
from pathlib import Path

import pytest
from support.videos import write_numbered_video
from typer.testing import CliRunner

from core.errors import BadInputError
from webapp.cli import app
from webapp.commands.run import prepare_folder, source_path, unused_folder
from webapp.doctor import examine

cli = CliRunner()


def test_run_writes_the_artifacts_and_prints_json(tmp_path: Path):
    arguments = [
        "run",
        "SAMPLE",
        "--start",
        "1",
        "--end",
        "1.5",
        "--physics",
        "none",
        "--out",
        str(tmp_path / "run"),
        "--json",
    ]
    result = cli.invoke(app, arguments)
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["metrics"]["0"]["motion"]["keypoint_error_px"] > 0
    assert (tmp_path / "run" / "person-0" / "motion.glb").stat().st_size > 100_000
    assert not (tmp_path / "run" / "person-0" / "rollouts").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing-here.mp4"], "does not exist"),
        (["https://10.0.0.7/a.mp4"], "private network"),
        (["https://a.example/1 https://a.example/2"], "One link is expected, but 2 came"),
        (["SAMPLE:unknown"], "walker, flip"),
        (["SAMPLE", "--start", "50"], "only 4.0 s long"),
        (["SAMPLE", "--start", "2", "--end", "1"], "after its start"),
        (["SAMPLE", "--physics", "magic"], "assisted, sampling, none"),
    ],
)
def test_bad_input_is_one_plain_sentence(tmp_path: Path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    result = cli.invoke(app, ["run", *arguments])
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_an_empty_file_is_refused_before_anything_is_touched(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.mp4").touch()
    result = cli.invoke(app, ["run", "empty.mp4"])
    assert result.exit_code == 2
    assert "empty" in result.stderr
    assert not (tmp_path / "runs").exists()


def test_a_window_outside_the_video_is_refused_before_an_earlier_run_is_replaced(tmp_path: Path):
    source = write_numbered_video(tmp_path / "clip.mp4", 30, 30)
    run = prepare_folder(source, tmp_path / "run")
    (run / "metrics.json").write_text("{}")
    result = cli.invoke(app, ["run", str(source), "--start", "9", "--out", str(run), "--overwrite"])
    assert result.exit_code == 2
    assert (run / "metrics.json").exists()


def test_nothing_that_was_there_is_lost(tmp_path: Path):
    source = write_numbered_video(tmp_path / "clip.mp4", 5, 30)
    other = tmp_path / "photos"
    other.mkdir()
    (other / "holiday.jpg").write_text("x")
    with pytest.raises(BadInputError, match="other files"):
        prepare_folder(source, other)
    run = prepare_folder(source, tmp_path / "run")
    (run / "metrics.json").write_text("{}")
    with pytest.raises(BadInputError, match="--overwrite"):
        prepare_folder(source, run)
    assert (run / "metrics.json").exists()
    with pytest.raises(BadInputError, match="lies in the run"):
        prepare_folder(run / "source" / "clip.mp4", run, overwrite=True)
    prepare_folder(source, run, overwrite=True)
    assert not (run / "metrics.json").exists()


def test_folders_are_numbered_where_the_name_is_taken(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert unused_folder("a") == Path("runs/a")
    Path("runs/a").mkdir(parents=True)
    assert unused_folder("a") == Path("runs/a-2")


def test_the_samples_have_names():
    assert source_path("SAMPLE") == source_path("SAMPLE:walker")
    assert source_path("SAMPLE:flip").name == "flip.mp4"


def test_doctor_finds_this_machine_healthy(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path))
    checks = list(examine())
    assert [c.name for c in checks if c.state == "broken"] == []
    assert {"Python", "pybullet", "blazepose_heavy.onnx", "Keypoint inference"} <= {c.name for c in checks}
    assert cli.invoke(app, ["doctor"]).exit_code == 0


def test_doctor_says_which_setting_makes_no_sense(monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_PORT", "abc")
    (found,) = [check for check in examine() if check.name == "Home"]
    assert found.state == "broken"
    assert "UNDERSTUDY_PORT" in found.detail
    assert "abc" not in found.detail


def test_doctor_names_what_is_missing(monkeypatch):
    monkeypatch.setattr("webapp.doctor.REQUIRED", ("no-such-library",))
    broken = [c for c in examine() if c.state == "broken"]
    assert [c.name for c in broken] == ["no-such-library"]
    assert "make setup" in broken[0].detail
    assert cli.invoke(app, ["doctor"]).exit_code == 1


def test_no_command_pretends_to_exist():
    assert {command.name or command.callback.__name__ for command in app.registered_commands} == {
        "serve",
        "run",
        "evaluate",
        "perform",
        "doctor",
        "export",
        "import",
        "train",
        "rollout",
        "challenge",
        "train-hmr",
        "worker",
        "recover",
        "backup",
        "restore",
        "clean",
    }
