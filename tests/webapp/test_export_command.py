"""What `understudy export` says where a folder was named."""

from pathlib import Path

from typer.testing import CliRunner

from webapp.cli import app


def test_a_runs_folder_is_no_motion_and_its_motions_are_named(tmp_path: Path):
    person = tmp_path / "run" / "person-0"
    for name in ("motion.npz", "rollouts/sampling.npz", "motion.glb"):
        (person / name).parent.mkdir(parents=True, exist_ok=True)
        (person / name).write_bytes(b"")
    said = "".join(CliRunner().invoke(app, ["export", str(tmp_path / "run")]).stderr.split())
    assert "Afileofamotionisexpected" in said  # the console breaks lines anywhere
    assert "motion.npz" in said
    assert "sampling.npz" in said
    assert "motion.glb" not in said
    (tmp_path / "empty").mkdir()
    result = CliRunner().invoke(app, ["export", str(tmp_path / "empty")])
    assert result.exit_code != 0
    assert "a folder without one" in " ".join(result.stderr.split())
