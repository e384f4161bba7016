"""`understudy train`: what it makes, goes on with and refuses."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from webapp.cli import app

cli = CliRunner()


def told(result) -> str:
    return " ".join(result.stderr.split())


def test_a_training_a_bundle_and_going_on(tmp_path: Path):
    out = tmp_path / "mine"
    arguments = ["train", "kick", "--samples", "4096", "--way", "ppo", "--processes", "1", "--out", str(out)]
    result = cli.invoke(app, arguments)
    assert result.exit_code == 0, result.stderr
    assert "unassisted" in told(result)
    for name in ("policy.zip", "policy.onnx", "play.py", "card.md", "reference.txt"):
        assert (out / "policy" / name).stat().st_size > 0
    assert (out / "policy" / "card.md").read_text().startswith("# kick")
    again = cli.invoke(app, arguments)
    assert again.exit_code == 2
    assert "--resume" in told(again)
    other = cli.invoke(app, ["train", "walk", "--resume", str(out), "--samples", "8192"])
    assert other.exit_code == 2
    assert "another motion" in told(other)
    spent = cli.invoke(app, ["train", "--resume", str(out), "--processes", "1"])
    assert spent.exit_code == 0, spent.stderr
    assert "4,096 samples" in told(spent)
    assert (out / "policy" / "card.md").read_text().startswith("# kick")  # not by its folder


@pytest.mark.parametrize(("option", "half"), [([], True), (["--no-half-cycle"], False), (["--task", "heading"], False)])
def test_half_a_cycle_is_learned_where_that_suits(tmp_path: Path, option: list[str], half: bool):
    out = tmp_path / "walk"
    result = cli.invoke(
        app, ["train", "walk", "--samples", "64", "--humanoids", "16", "--steps", "64", "--processes", "1",
              "--out", str(out), *option]
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    settings = json.loads((out / "training.json").read_text())["settings"]
    assert (settings["half_cycle"], settings["gamma"], settings["disturbed"]) == (half, 0.97 if half else 0.95, 1.5)


@pytest.mark.parametrize(
    ("options", "hidden"),
    [([], [128, 128]), (["--hidden", "64, 32"], [64, 32]), (["--beside", "run"], [256, 256])],
)
def test_networks_are_as_wide_as_one_wants(tmp_path: Path, options: list[str], hidden: list[int]):
    out = tmp_path / "walk"
    small = ["--samples", "64", "--humanoids", "16", "--steps", "64", "--processes", "1", "--out", str(out)]
    result = cli.invoke(app, ["train", "walk", *small, *options])
    assert result.exit_code == 0, result.stderr
    assert json.loads((out / "training.json").read_text())["settings"]["hidden"] == hidden


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.txt"], "one of the clips"),
        ([], "A motion should be given"),
        (["walk", "--samples", "0"], "above zero"),
        (["walk", "--seconds", "0"], "above zero"),
        (["walk", "--engine", "other"], "mujoco or bullet"),
        (["walk", "--way", "guessed"], "ppo or guided"),
        (["walk", "--way", "guided", "--task", "heading"], "without a task"),
        (["walk", "--task", "dance"], "heading or target"),
        (["kick", "--mirrored"], "a motion that loops"),
        (["walk", "--mirrored", "--task", "heading"], "without a task"),
        (["walk", "--gamma", "1"], "gamma should be between 0 and 1"),
        (["walk", "--hidden", "128,big"], "--hidden should be numbers"),
        (["walk", "--hidden", "0"], "1 to 4096 units each, but have 0"),
        (["walk", "--hidden", "128,9999"], "1 to 4096 units each, but have 128, 9999"),
        (["walk", "--hidden", "9" * 5000], "--hidden should be numbers"),
        (["walk", "--randomised", "1.5"], "randomised should be between 0 and 1"),
        (["walk", "--randomised", "1", "--engine", "bullet"], "Randomised humanoids are to be had in mujoco only"),
        (["--resume", "nowhere", "--mirrored"], "leave out --mirrored"),
        (["jump", "--half-cycle"], "own mirror image"),
        (["walk", "--half-cycle", "--mirrored"], "Leave out --half-cycle or the other"),
        (["--resume", "nowhere"], "there is none"),
        (["--resume", "nowhere", "--engine", "bullet", "--task-weight", "0.3"], "leave out --engine, --task-weight"),
    ],
)
def test_bad_input_is_one_plain_sentence(tmp_path: Path, monkeypatch, arguments: list[str], words: str):
    monkeypatch.chdir(tmp_path)
    result = cli.invoke(app, ["train", *arguments])
    assert result.exit_code == 2
    assert words in told(result)
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.rglob("checkpoint*"))
