"""What the viewer is told of a run's people, motions and keypoints."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from support.motions import waving

from core.body import load_body
from core.body.kinematics import body_motion
from core.control.assisted import AssistedSettings, assisted
from core.humanoid import RetargetSettings, retarget
from core.jobs.home import new_run_id
from core.motion import Track
from webapp.run_view import run_view, track_view
from webapp.series_view import series_view


@pytest.fixture
def run(site_client):
    """A stored run whose folder has two people; nobody performs it."""
    site = site_client.app.state.site
    run_id = new_run_id()
    record = site.store.create(run_id, "A", "a.mp4", {}, [("clip", "Cut")])
    folder = site.home.run(run_id)
    for person in (0, 1):
        times = np.arange(3) / 30
        keypoints = np.full((3, 33, 3), 10.123456)
        size = np.array([160, 96])
        Track(30.0, times, keypoints, np.zeros((3, 33, 3)), np.zeros((3, 4)), size).save(
            folder.person(person) / "track.npz"
        )
    for name in ("hmr.glb", "hmr.npz", "rollouts/assisted-body.glb", "rollouts/assisted.npz", "motion.npz"):
        path = folder.person(0) / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    yield site, record, folder
    site.store.finish(run_id, "cancelled")
    shutil.rmtree(folder.root)


def test_motions_are_listed_once_they_can_be_shown(site_client, run):
    site, record, _ = run
    view = run_view(record, site.home)
    first, second = view["people"]
    assert [m["name"] for m in first["motions"]] == ["hmr", "assisted"]  # motion.glb is not there yet
    assert second["motions"] == []
    shown = first["motions"][1]
    assert shown["url"] == f"/api/runs/{record.id}/files/person-0/rollouts/assisted-body.glb"
    assert shown["offset_s"] == 0
    for motion in first["motions"]:
        assert site_client.get(motion["url"]).status_code == 200
        assert site_client.get(motion["npz_url"]).status_code == 200
    assert view["clip"] is None
    assert view["metrics"] is None


def test_a_track_is_told_in_pixels_with_lines_to_draw(site_client, run):
    _, record, folder = run
    view = site_client.get(f"/api/runs/{record.id}/people/1/track.json").json()
    assert view == track_view(folder, 1)
    assert (view["fps"], view["width"], view["height"]) == (30.0, 160, 96)
    assert np.array(view["keypoints"]).shape == (3, 33, 3)
    assert view["keypoints"][0][0] == [10.12, 10.12, 10.12]
    assert all(0 <= a < 33 and 0 <= b < 33 for a, b in view["edges"])
    assert site_client.get(f"/api/runs/{record.id}/people/2/track.json").status_code == 404


def test_a_broken_clip_is_no_clip(run):
    site, record, folder = run
    folder.clip.write_bytes(b"no video")
    assert run_view(record, site.home)["clip"] is None


def test_a_run_is_listed_and_files_that_cannot_be_read_have_no_curves(site_client, run):
    _, record, _ = run
    assert record.id in [each["id"] for each in site_client.get("/api/runs").json()["runs"]]
    series = f"/api/runs/{record.id}/people/0/series.json"
    assert site_client.get(series).json() == {"motions": {}, "camera": None}
    assert site_client.get(series.replace("/0/", "/7/")).status_code == 404


def test_a_motion_without_its_camera_leaves_out_what_needs_it(tmp_path):
    waving(4).save(tmp_path / "motion.npz")
    waving(4, frame="camera").save(tmp_path / "hmr.npz")
    told = series_view(tmp_path)
    assert (list(told["motions"]), told["camera"]) == (["motion"], None)


def test_curves_contacts_and_the_hands_force_are_told_by_frame(tmp_path):
    times, standing = np.arange(30) / 30, np.tile([0, 0.95, 0], (30, 1))
    motion = body_motion(load_body(), 30.0, times, np.zeros((30, 72)), np.zeros(10), standing)
    motion = replace(motion, contacts=np.ones((30, 4), bool), camera_in_world=np.tile(np.eye(4), (30, 1, 1)))
    replace(motion, intrinsics=np.eye(3)).save(tmp_path / "motion.npz")
    rollout = assisted(retarget(motion, RetargetSettings()), AssistedSettings())
    rollout.save(tmp_path / "rollouts" / "assisted.npz")
    told = json.loads(json.dumps(series_view(tmp_path), allow_nan=False))
    assert told["camera"]["camera_in_world"] == np.eye(4)[None].tolist()
    assert told["motions"]["motion"]["contacts"] == [15] * 30
    assert told["motions"]["motion"]["curves"]["foot_slide"] == [None] + [0.0] * 29
    held = told["motions"]["assisted"]
    assert len(held["curves"]["reward"]) == len(held["force"]) == 30
    assert held["curves"]["force"][10] == pytest.approx(np.linalg.norm(held["force"][10]), abs=0.2)
