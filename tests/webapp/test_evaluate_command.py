"""`understudy evaluate`: the table, the picture, and what is refused."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.people import walker_scene
from support.truth_files import write_annotation, write_trc
from typer.testing import CliRunner

from core.assets import asset_path
from core.metrics.limb_joints import LIMB_JOINTS, LIMBS_IN_SMPL
from core.video.decode import read_frames
from webapp.cli import app

cli = CliRunner()


@pytest.fixture(scope="module")
def person(tmp_path_factory) -> Path:
    """A person's folder of a run that began at 2 s of its video."""
    run = tmp_path_factory.mktemp("run")
    scene = walker_scene(seconds=0.5)
    scene.track.save(run / "person-0" / "track.npz")
    scene.truth.save(run / "person-0" / "motion.npz")
    (run / "run.json").write_text(json.dumps({"settings": {"start_s": 2.0}}))
    joints = scene.truth.joints[:, LIMBS_IN_SMPL]
    write_trc(run / "truth.trc", LIMB_JOINTS, scene.truth.times + 2, 1000 * joints, "mm")
    write_annotation(run / "truth.xml", LIMB_JOINTS, 300 * joints[3:4] * [1, 1, -1])
    return run / "person-0"


def test_the_figures_of_all_stages(person: Path, tmp_path: Path):
    picture = tmp_path / "out" / "p.png"
    result = cli.invoke(
        app, ["evaluate", str(person), str(person.parent / "truth.trc"), "--picture", str(picture), "--json"]
    )
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    landmarks, motion = report["predictions"]
    assert motion["figures"]["pa_mpjpe"] == pytest.approx(0, abs=1e-6)
    assert motion["figures"]["mpjpe"] == pytest.approx(0, abs=1e-6)
    assert 1 < landmarks["figures"]["pa_mpjpe"] < 60
    assert motion["frames_compared"] == 15
    assert "begins at 2 s" in report["notes"][0]
    assert Image.open(BytesIO(picture.read_bytes())).format == "PNG"


def test_the_table_is_for_people(person: Path, tmp_path: Path):
    picture = tmp_path / "p.svg"
    command = ["evaluate", str(person), str(person.parent / "truth.xml"), "--frame", "3", "--picture", str(picture)]
    result = cli.invoke(app, command)
    assert result.exit_code == 0, result.stderr
    words = " ".join(result.stderr.split())
    for expected in ("PA-MPJPE (truth's", "Std, min-max", "1 of 1", "Nobody told the truth's unit"):
        assert expected in words
    assert result.stdout == ""
    assert picture.read_text().startswith("<svg")


def test_a_picture_is_compared_with_and_without_the_crop(tmp_path: Path):
    """The whole picture makes the person small and off the middle: the landmarks are worse than those of the crop."""
    frames = list(read_frames(asset_path("samples/walker.mp4")))
    Image.fromarray(frames[60]).save(tmp_path / "walker.png")
    made = cli.invoke(app, ["run", str(tmp_path / "walker.png"), "--out", str(tmp_path / "run")])
    assert made.exit_code == 0, made.stderr
    with np.load(tmp_path / "run" / "person-0" / "motion.npz") as motion:
        np.savez(tmp_path / "truth.npz", joints=motion["joints"])
    result = cli.invoke(app, ["evaluate", str(tmp_path / "walker.png"), str(tmp_path / "truth.npz"), "--json"])
    assert result.exit_code == 0, result.stderr
    rows = {row["name"]: row for row in json.loads(result.stdout)["predictions"]}
    assert list(rows) == ["whole_picture", "landmarks", "hmr", "motion"]
    assert rows["motion"]["figures"]["pa_mpjpe"] < 1
    assert rows["landmarks"]["figures"]["pa_mpjpe"] < rows["whole_picture"]["figures"]["pa_mpjpe"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.npz", "truth.trc"], "does not exist"),
        (["person-0", "nothing.trc"], "does not exist"),
        (["person-0", "truth.xml"], "which frame"),
        (["person-0", "truth.trc", "--frame", "99"], "0 to 14"),
        (["person-0", "truth.trc", "--offset", "60"], "Set the offset"),
        (["person-0", "truth.trc", "--picture", "p.gif"], ".png or an .svg"),
        (["truth.trc", "truth.trc"], "should be a video"),
        ([".", "truth.trc", "--person", "3"], "3 was asked for"),
        (["person-0", "run.json"], ".npz, .trc, .xml"),
    ],
)
def test_bad_input_is_one_plain_sentence(person: Path, monkeypatch, arguments, words):
    monkeypatch.chdir(person.parent)
    result = cli.invoke(app, ["evaluate", *arguments])
    assert result.exit_code == 2, result.stderr
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
