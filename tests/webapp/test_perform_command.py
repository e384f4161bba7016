"""`understudy perform`: motion files of each kind, and what is none."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.motions import waving
from typer.testing import CliRunner

from core.body import load_body
from core.control.performing import at_rate_of, reference_from_file
from core.control.sampling import SETTINGS
from core.export.amass import write_amass
from core.export.sources import motion_from_file
from core.motion import HumanoidMotion, Rollout
from webapp.cli import app

cli = CliRunner()
WALK = "humanoid3d_walk.txt"


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    """The first third of a second of a DeepMimic walk."""
    import pybullet_data

    whole = HumanoidMotion.load(Path(pybullet_data.getDataPath()) / "data" / "motions" / WALK)
    HumanoidMotion(whole.fps, whole.times[:10], whole.frames[:10]).save(tmp_path / "walk.txt")
    return tmp_path / "walk.txt"


def test_a_deepmimic_motion_is_performed_and_can_be_exported(walk: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setitem(SETTINGS, "quick", replace(SETTINGS["quick"], samples=20, kept=5, passes=1))
    result = cli.invoke(app, ["perform", str(walk), "--out", str(tmp_path / "out"), "--seed", "3"])
    assert result.exit_code == 0, result.stderr
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"motion.npz", "reference.txt", "sampling.npz", "sampling-body.glb", "sampling-humanoid.glb"}
    rollout = Rollout.load(tmp_path / "out" / "sampling.npz")
    assert (rollout.tracker, rollout.seed, len(rollout)) == ("sampling", 3, 10)
    assert len(motion_from_file(tmp_path / "out" / "sampling.npz")) == 10


def test_assisted_too(walk: Path, tmp_path: Path):
    result = cli.invoke(app, ["perform", str(walk), "--physics", "assisted", "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.stderr
    assert Rollout.load(tmp_path / "out" / "assisted.npz").tracker == "assisted"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--setting", "slow"], "quick, refined"),
        (["--engine", "dice"], "mujoco"),
        (["--physics", "magic"], "sampling or assisted"),
        (["--seed", "-1"], "A seed should be"),
    ],
)
def test_choices_that_are_none_are_one_plain_sentence(walk: Path, tmp_path: Path, options: list[str], words: str):
    result = cli.invoke(app, ["perform", str(walk), "--out", str(tmp_path / "out"), *options])
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_files_that_are_no_motion_and_full_folders_are_refused(walk: Path, tmp_path: Path):
    (tmp_path / "junk.npz").write_bytes(b"junk")
    for name in ("junk.npz", "missing.txt"):
        result = cli.invoke(app, ["perform", str(tmp_path / name), "--out", str(tmp_path / "out")])
        assert result.exit_code == 2
        assert "Traceback" not in result.stderr
    result = cli.invoke(app, ["perform", str(walk), "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "empty" in result.stderr


def test_motions_of_each_kind_become_references(walk: Path, tmp_path: Path):
    motion = waving(12)
    motion.save(tmp_path / "body.npz")
    write_amass(tmp_path / "amass.npz", motion, load_body())
    for name in ("body.npz", "amass.npz"):
        reference, body = reference_from_file(tmp_path / name)
        assert len(reference) == len(body) == 12
        assert reference.fps == pytest.approx(30)
    reference, body = reference_from_file(walk)
    assert np.array_equal(reference.frames, HumanoidMotion.load(walk).frames)
    assert len(body) == 10


def test_a_rollout_is_thinned_to_the_frames_of_its_clip():
    n = 31
    rollout = Rollout(
        30.0, np.arange(n) / 30, np.zeros((n, 15, 3)), np.zeros((n, 15, 4)), np.zeros((n, 36)), np.zeros((n, 28)),
        np.zeros((n, 15, 3)), np.zeros((n, 6)), np.zeros((n, 1)), ("all",), "mujoco", "sampling",
    )  # fmt: skip
    thinned = at_rate_of(rollout, 10.0)
    assert (len(thinned), thinned.fps) == (11, 10.0)
    assert np.allclose(thinned.times, np.arange(11) / 10)
    assert at_rate_of(rollout, 30.0) is rollout
    assert at_rate_of(rollout, 29.0) is rollout
