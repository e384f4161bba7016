"""The whole pipeline on short pieces of the real sample, and on what cannot be used."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.gltf import khronos_report
from support.smpl_files import smpl_arrays
from support.videos import write_numbered_video

from core.assets import asset_path
from core.control.sampling import SETTINGS
from core.errors import BadInputError, NoPersonError
from core.humanoid import rollout_to_body
from core.motion import BodyMotion, HumanoidMotion, Rollout, Track
from core.pipeline import STAGES, applies, run_all, run_stage
from core.run_folder import RunFolder, read_json
from core.run_settings import RunSettings
from core.video import load_clip
from core.video.decode import read_frames

WINDOW = {"start_s": 0.5, "end_s": 1.5}


def folder_with(tmp_path: Path, source: Path) -> RunFolder:
    (tmp_path / "source").mkdir()
    shutil.copyfile(source, tmp_path / "source" / source.name)
    return RunFolder(tmp_path)


@pytest.fixture(scope="module")
def walked(tmp_path_factory) -> RunFolder:
    folder = folder_with(tmp_path_factory.mktemp("run"), asset_path("samples/walker.mp4"))
    run_all(folder, RunSettings(**WINDOW))
    return folder


def test_every_artifact_is_there_and_loads(walked: RunFolder):
    person = walked.person(0)
    clip = load_clip(walked.clip)
    assert len(clip) == 30
    loaded = [
        Track.load(person / "track.npz"),
        BodyMotion.load(person / "hmr.npz"),
        BodyMotion.load(person / "motion.npz"),
        HumanoidMotion.load(person / "reference.txt"),
        Rollout.load(person / "rollouts" / "assisted.npz"),
    ]
    for noun in loaded:
        assert len(noun) == len(clip)
        assert noun.fps == pytest.approx(clip.fps)
    assert (loaded[1].frame, loaded[2].frame) == ("camera", "world")
    assert loaded[2].contacts is not None
    assert loaded[2].camera_in_world is not None


def test_only_the_designs_artifacts_are_written(walked: RunFolder):
    person = [
        "curves.json", "hmr.glb", "hmr.npz", "motion.bvh", "motion.glb", "motion.npz", "reference.txt",
        "rollouts/assisted-body.glb", "rollouts/assisted-humanoid.glb", "rollouts/assisted.npz", "side_by_side.mp4",
        "track.npz",
    ]  # fmt: skip
    people = [f"people/person-{n}.{kind}" for n in (0, 1) for kind in ("jpg", "npz")]
    expected = [
        "clip.mp4",
        "metrics.json",
        "people.json",
        *people,
        *(f"person-0/{name}" for name in person),
        "run.json",
    ]
    assert [str(p) for p in walked.artifacts()] == sorted(expected, key=lambda p: Path(p))


@pytest.mark.parametrize(
    "name", ["hmr.glb", "motion.glb", "rollouts/assisted-body.glb", "rollouts/assisted-humanoid.glb"]
)
def test_meshes_satisfy_the_khronos_validator(walked: RunFolder, name: str):
    report = khronos_report(walked.person(0) / name)
    assert (report["issues"]["numErrors"], report["issues"]["numWarnings"]) == (0, 0), report["issues"]["messages"]


def test_the_reconstruction_walks_where_the_video_does(walked: RunFolder):
    """She walks to the left of the picture; her projected hips stay on the keypoints."""
    track = Track.load(walked.person(0) / "track.npz")
    motion = BodyMotion.load(walked.person(0) / "motion.npz")
    in_camera = np.linalg.inv(motion.camera_in_world)
    hips = motion.landmarks[:, [23, 24]]
    hips_camera = np.einsum("tij,tkj->tki", in_camera[:, :3, :3], hips) + in_camera[:, None, :3, 3]
    projected = np.einsum("ij,tkj->tki", motion.intrinsics, hips_camera)
    pixels = projected[..., :2] / projected[..., 2:]
    torso = np.linalg.norm(track.keypoints[:, 11, :2] - track.keypoints[:, 23, :2], axis=-1).mean()
    assert np.abs(pixels - track.keypoints[:, [23, 24], :2]).mean() < 0.25 * torso
    assert pixels[-1, 0, 0] < pixels[0, 0, 0]


def test_the_reconstruction_stands_on_the_ground(walked: RunFolder):
    motion = BodyMotion.load(walked.person(0) / "motion.npz")
    lowest = motion.landmarks[:, [29, 30, 31, 32], 1].min(axis=1)
    assert np.abs(np.median(lowest)) < 0.06
    assert 0.6 < motion.joints[:, 0, 1].mean() < 1.2


def test_the_humanoid_follows_the_reconstruction(walked: RunFolder):
    motion = BodyMotion.load(walked.person(0) / "motion.npz")
    rollout = Rollout.load(walked.person(0) / "rollouts" / "assisted.npz")
    body = rollout_to_body(rollout, motion)
    assert np.linalg.norm(body.joints - motion.joints, axis=-1).mean() < 0.15
    assert np.isfinite(rollout.residual_wrench).all()


def test_figures_are_plain_json_for_each_stage(walked: RunFolder):
    figures = json.loads(walked.metrics.read_text())["0"]
    assert set(figures) == {"hmr", "motion", "assisted"}
    wanted = {"keypoint_error_px", "jitter", "acceleration", "foot_slide_cm_s", "penetration_mm", "float_mm"}
    assert all(wanted <= set(of_stage) for of_stage in figures.values())
    assert figures["motion"]["jitter"] < figures["hmr"]["jitter"]
    assert figures["assisted"]["residual_force_n"] > 0


def test_the_record_names_settings_versions_and_seconds(walked: RunFolder):
    record = read_json(walked.record)
    assert RunSettings.from_json(record["settings"]) == RunSettings(**WINDOW)
    assert set(record["seconds"]) == {stage.name for stage in STAGES} - {"fetch", "sampling", "final_video"}
    assert record["versions"]["understudy"] != "unknown"


def test_a_stage_run_again_gives_the_same(walked: RunFolder):
    stage = next(s for s in STAGES if s.name == "physics")
    before = Rollout.load(walked.person(0) / "rollouts" / "assisted.npz")
    run_stage(stage, walked, RunSettings(**WINDOW))
    after = Rollout.load(walked.person(0) / "rollouts" / "assisted.npz")
    np.testing.assert_array_equal(before.body_positions, after.body_positions)
    np.testing.assert_array_equal(before.residual_wrench, after.residual_wrench)


def test_sampling_is_asked_for_and_then_shown_and_measured(walked: RunFolder, tmp_path: Path, monkeypatch):
    few = dataclasses.replace(SETTINGS["quick"], samples=30, kept=6, passes=1)
    monkeypatch.setitem(SETTINGS, "quick", few)
    stage = next(s for s in STAGES if s.name == "sampling")
    settings = RunSettings(**WINDOW, physics="sampling")
    assert applies(stage, walked, settings)
    assert not applies(stage, walked, RunSettings(**WINDOW))
    folder = RunFolder(tmp_path / "run")
    shutil.copytree(walked.root, folder.root)
    run_stage(stage, folder, settings)
    rollout = Rollout.load(folder.person(0) / "rollouts" / "sampling.npz")
    assert (rollout.tracker, len(rollout)) == ("sampling", 30)
    for name in ("sampling-body.glb", "sampling-humanoid.glb"):
        assert khronos_report(folder.person(0) / "rollouts" / name)["issues"]["numErrors"] == 0
    figures = json.loads(folder.metrics.read_text())["0"]["sampling"]
    assert figures["residual_force_n"] == 0


def test_the_preview_is_measured_and_drawn_before_sampling_and_the_performance_after_it():
    names = [stage.name for stage in STAGES]
    assert names[-5:] == ["physics", "metrics", "video", "sampling", "final_video"]


def test_a_reference_that_cannot_be_sampled_is_a_note_and_the_rest_stays(walked: RunFolder, tmp_path, monkeypatch):
    def refuse(*arguments, **more):
        raise BadInputError("The reference should begin on the ground, but does not.")

    monkeypatch.setattr("core.performance_stages.perform_sampling", refuse)
    folder = RunFolder(tmp_path / "run")
    shutil.copytree(walked.root, folder.root)
    run_stage(next(s for s in STAGES if s.name == "sampling"), folder, RunSettings(**WINDOW, physics="sampling"))
    assert "begin on the ground" in read_json(folder.record)["notices"]["sampling"][0]
    assert not (folder.person(0) / "rollouts" / "sampling.npz").exists()
    with pytest.raises(BadInputError, match="quick, refined"):
        RunSettings(sampling="endless")


def test_on_a_body_of_ones_own_meshes_are_shown_and_nothing_else_changes(walked: RunFolder, tmp_path: Path):
    np.savez(tmp_path / "mine.npz", **smpl_arrays())
    folder = RunFolder(tmp_path / "run")
    shutil.copytree(walked.root, folder.root)
    before = BodyMotion.load(folder.person(0) / "motion.npz")
    settings = RunSettings(**WINDOW, body=str(tmp_path / "mine.npz"))
    run_stage(next(s for s in STAGES if s.name == "reconstruction"), folder, settings)
    shown = BodyMotion.load(folder.person(0) / "motion-smpl.npz")
    assert shown.body_model == "smpl:mine"
    assert np.linalg.norm(shown.joints - before.joints, axis=-1).max() < 0.03
    assert BodyMotion.load(folder.person(0) / "motion.npz").body_model == "understudy-cc0"
    assert b"smpl:mine" in (folder.person(0) / "motion.glb").read_bytes()


def test_no_video_is_drawn_where_none_is_asked_for_or_nothing_can_be_drawn(walked: RunFolder, tmp_path, monkeypatch):
    stage = next(s for s in STAGES if s.name == "video")
    assert applies(stage, walked, RunSettings())
    assert not applies(stage, walked, RunSettings(video=False))
    folder = RunFolder(tmp_path / "run")
    shutil.copytree(walked.root, folder.root)
    (folder.person(0) / "side_by_side.mp4").unlink()

    def broken():
        raise OSError("no library called EGL")

    monkeypatch.setattr("core.export.rendering._load_pyrender", broken)
    run_stage(stage, folder, RunSettings(**WINDOW))
    assert not (folder.person(0) / "side_by_side.mp4").exists()
    assert "libegl1" in read_json(folder.record)["notices"]["video"][0]


def test_a_picture_gives_a_mesh_and_no_physics(tmp_path: Path):
    frames = list(read_frames(asset_path("samples/walker.mp4")))
    picture = tmp_path / "picture.jpg"
    Image.fromarray(frames[60]).save(picture, quality=95)
    folder = folder_with(tmp_path, picture)
    run_all(folder, RunSettings())
    person = folder.person(0)
    assert len(BodyMotion.load(person / "motion.npz")) == 1
    assert khronos_report(person / "motion.glb")["issues"]["numErrors"] == 0
    assert not (person / "rollouts").exists()
    assert not applies(next(s for s in STAGES if s.name == "physics"), folder, RunSettings())
    assert json.loads(folder.metrics.read_text())["0"]["motion"]["jitter"] is None


def test_a_video_without_a_person_says_so(tmp_path: Path):
    folder = folder_with(tmp_path, write_numbered_video(tmp_path / "blocks.mp4", frames=20, fps=30))
    with pytest.raises(NoPersonError):
        run_all(folder, RunSettings())
    assert folder.clip.exists()


def test_a_person_who_is_not_there_is_refused(tmp_path: Path):
    folder = folder_with(tmp_path, asset_path("samples/walker.mp4"))
    settings = RunSettings(start_s=1.0, end_s=1.3, person="7")
    with pytest.raises(BadInputError, match="Person 7"):
        run_all(folder, settings)


def test_the_record_tells_of_the_camera_and_the_curves_of_the_solves(walked: RunFolder):
    camera = read_json(walked.record)["camera"]
    assert camera["moves"] is False
    assert "assumed" in camera["evidence"]
    solves = read_json(walked.person(0) / "curves.json")["solves"]
    assert len(solves) >= 2
    assert all(solve["total"][-1] < solve["total"][0] for solve in solves)
