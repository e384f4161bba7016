"""Motion files of every kind become one motion; `understudy export` writes each of them in every format."""

import shutil

import numpy as np
import pytest
from support.motions import spoiled, waving
from support.people import BETAS, walk
from support.smpl_files import smpl_arrays
from typer.testing import CliRunner

from core.body import load_body
from core.control.assisted import AssistedSettings, assisted
from core.errors import BadInputError
from core.export.amass import write_amass
from core.export.formats import FORMATS, export_motion
from core.export.sources import motion_from_file
from core.humanoid import retarget
from core.motion import BodyMotion
from webapp.cli import app

cli = CliRunner()


@pytest.fixture(scope="module")
def person(tmp_path_factory):
    """A person's folder with a motion, its retargeted reference and a rollout of it."""
    folder = tmp_path_factory.mktemp("person-0")
    motion = walk(seconds=0.5)
    motion.save(folder / "motion.npz")
    reference = retarget(motion)
    reference.save(folder / "reference.txt")
    assisted(reference, AssistedSettings()).save(folder / "rollouts" / "assisted.npz")
    write_amass(folder / "amass.npz", motion, load_body())
    return folder


@pytest.mark.parametrize(
    ("name", "metres"),
    [("motion.npz", 1e-9), ("amass.npz", 1e-9), ("reference.txt", 0.12), ("rollouts/assisted.npz", 0.15)],
)
def test_each_kind_of_file_is_the_same_walk(person, name, metres):
    motion, walked = motion_from_file(person / name), BodyMotion.load(person / "motion.npz")
    assert len(motion) == len(walked)
    assert np.linalg.norm(motion.joints - walked.joints, axis=-1).mean() < metres


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"usd", "fbx"}))
@pytest.mark.parametrize("source", ["motion.npz", "rollouts/assisted.npz", "reference.txt", "amass.npz"])
def test_the_command_writes_every_kind_in_every_format(person, tmp_path, source, name):
    out = tmp_path / f"out{FORMATS[name].suffix}"
    result = cli.invoke(app, ["export", str(person / source), "--format", name, "--out", str(out)])
    assert result.exit_code == 0, result.stderr
    assert out.stat().st_size > 1000


def test_usd_and_fbx_too_where_their_tools_are(person, tmp_path):
    pytest.importorskip("pxr")
    for name in ("usd", "fbx"):
        out = tmp_path / f"out{FORMATS[name].suffix}"
        result = cli.invoke(app, ["export", str(person / "motion.npz"), "--format", name, "--out", str(out)])
        assert result.exit_code == 0, result.stderr
        assert out.stat().st_size > 100_000


def test_without_out_it_lies_beside_the_motion(person, tmp_path):
    shutil.copy(person / "motion.npz", tmp_path / "motion.npz")
    assert cli.invoke(app, ["export", str(tmp_path / "motion.npz"), "--format", "bvh"]).exit_code == 0
    assert (tmp_path / "motion.bvh").exists()


def test_on_a_body_of_ones_own_amass_gets_its_betas(person, tmp_path):
    arrays = smpl_arrays()
    arrays["shapedirs"] = 0.5 * arrays["shapedirs"]
    np.savez(tmp_path / "mine.npz", **arrays)
    arguments = ["export", str(person / "motion.npz"), "--format", "amass", "--body", str(tmp_path / "mine.npz")]
    result = cli.invoke(app, [*arguments, "--out", str(tmp_path / "a.npz")])
    assert result.exit_code == 0, result.stderr
    with np.load(tmp_path / "a.npz") as archive:
        np.testing.assert_allclose(archive["betas"][:2], 2 * BETAS[:2], atol=0.4)


def test_what_amass_gets_comes_back(person, tmp_path):
    walked = BodyMotion.load(person / "motion.npz")
    export_motion(walked, "amass", tmp_path / "walk.npz")
    np.testing.assert_allclose(motion_from_file(tmp_path / "walk.npz").joints, walked.joints, atol=1e-9)


def test_a_deepmimic_file_from_elsewhere_stands_on_the_ground(person, tmp_path):
    """Without a person's motion beside it: the mean body, its soles on y = 0."""
    shutil.copy(person / "reference.txt", tmp_path / "alone.txt")
    motion = motion_from_file(tmp_path / "alone.txt")
    assert not motion.betas.any()
    soles = motion.landmarks[:, [29, 30, 31, 32], 1].min(axis=1)
    assert np.abs(np.percentile(soles, 10)) < 0.03


def test_a_rollout_without_its_person_is_refused(person, tmp_path):
    shutil.copy(person / "rollouts" / "assisted.npz", tmp_path / "alone.npz")
    with pytest.raises(BadInputError, match=r"motion\.npz should lie beside"):
        motion_from_file(tmp_path / "alone.npz")


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"usd", "fbx"}))
@pytest.mark.parametrize("frames", [1, 2])
def test_the_shortest_motions_leave_in_every_format(tmp_path, name, frames):
    path = export_motion(waving(frames), name, tmp_path / f"a{FORMATS[name].suffix}")
    assert path.stat().st_size > 500


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("poses", np.full((3, 72), np.nan), "NaN"), ("body_model", "another", "another"), ("fps", 0.0, "rate")],
)
def test_no_format_takes_a_spoiled_motion(tmp_path, name, field, value, words):
    pytest.importorskip("pxr")
    with pytest.raises(BadInputError, match=words):
        export_motion(spoiled(waving(3), **{field: value}), name, tmp_path / "a.out")
    assert not any(tmp_path.iterdir())


def bad_files(folder, person) -> dict[str, str]:
    """{file name: words of the refusal}, written into `folder`."""
    whole = (person / "motion.npz").read_bytes()
    (folder / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.npz").touch()
    np.savez(folder / "other.npz", weights=np.zeros(3))
    np.savez(folder / "pickled.npz", poses=np.array([{}], dtype=object), trans=np.zeros(3), mocap_framerate=30)
    (folder / "story.txt").write_text("once upon a time")
    (folder / "deep.txt").write_text('{"Loop": "none", "Frames": [[1, 2, 3]]}')
    return {
        "cut.npz": "cannot be read",
        "empty.npz": "cannot be read",
        "other.npz": "but holds weights",
        "pickled.npz": "cannot be read",
        "story.txt": "DeepMimic",
        "deep.txt": "44 numbers",
        "missing.npz": "does not exist",
    }


def test_bad_files_are_one_plain_sentence(person, tmp_path):
    for name, words in bad_files(tmp_path, person).items():
        result = cli.invoke(app, ["export", str(tmp_path / name), "--format", "glb", "--out", str(tmp_path / "a.glb")])
        assert result.exit_code == 2, name
        assert words in " ".join(result.stderr.split()), (name, result.stderr)
        assert "Traceback" not in result.stderr
    assert not (tmp_path / "a.glb").exists()


def test_an_unknown_format_names_the_known_ones(person):
    result = cli.invoke(app, ["export", str(person / "motion.npz"), "--format", "c3d"])
    assert result.exit_code == 2
    assert "glb, bvh, amass, deepmimic, usd, fbx or zip" in " ".join(result.stderr.split())


def test_the_source_is_never_overwritten(person, tmp_path):
    shutil.copy(person / "motion.npz", tmp_path / "motion.npz")
    before = (tmp_path / "motion.npz").read_bytes()
    result = cli.invoke(
        app, ["export", str(tmp_path / "motion.npz"), "--format", "amass", "--out", str(tmp_path / "motion.npz")]
    )
    assert result.exit_code == 2
    assert (tmp_path / "motion.npz").read_bytes() == before
