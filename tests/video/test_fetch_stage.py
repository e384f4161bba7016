"""The first stage of a run of a link, what a run records of it, and footage deleted afterwards."""

import dataclasses
import json
from ipaddress import ip_network

import numpy as np
import pytest
from support.link_servers import body, serving
from support.videos import write_numbered_video

from core.errors import BadInputError, RunNotFoundError
from core.footage import delete_footage, footage_deleted
from core.pipeline import STAGES, applies, run_stage
from core.run_folder import RunFolder, read_json
from core.run_settings import FETCH, RunSettings
from core.video import fetch_stage
from core.video.fetch import Found
from core.video.fetch_settings import FetchSettings, fetch_settings
from core.video.fetch_stage import fetch_source
from core.video.window import WindowSettings, make_clip

LOCAL = FetchSettings(allow=(ip_network("127.0.0.2/32"),))
STAGE = STAGES[0]


def test_the_stage_fetches_once_and_records_where_from(tmp_path, monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_LINK_ALLOW", "127.0.0.2")
    video = write_numbered_video(tmp_path / "a.mp4", frames=20, fps=10)
    folder = RunFolder(tmp_path / "run")
    with serving("127.0.0.2") as site:
        site.answers["/a.mp4"] = body(video.read_bytes())
        settings = RunSettings(link=site["/a.mp4#t=1"], end_s=1.5)
        assert STAGE.name == FETCH
        assert applies(STAGE, folder, settings)
        told = []
        run_stage(STAGE, folder, settings, lambda fraction, message="": told.append(fraction))
        asked = len(site.asked)
        assert folder.source().read_bytes() == video.read_bytes()
        assert not applies(STAGE, folder, settings)
        fetch_source(folder, settings.link, WindowSettings())  # a run that goes on
        assert len(site.asked) == asked
    record = read_json(folder.record)
    assert record["source"]["title"] == "a"
    assert record["source"]["link"] == site["/a.mp4"]
    assert record["settings"]["link"] == site["/a.mp4"]
    assert told[-1] == 1.0


def test_a_run_of_a_file_has_no_such_stage(tmp_path):
    assert not applies(STAGE, RunFolder(tmp_path), RunSettings())


def test_a_window_outside_the_video_is_refused_before_it_is_fetched(tmp_path, monkeypatch):
    def fetch(link, folder, settings, progress, on_found):
        on_found(Found("t", "", link.url, "Site", "", duration_s=100.0))
        raise AssertionError("It was fetched.")

    monkeypatch.setattr(fetch_stage, "fetch_video", fetch)
    with pytest.raises(BadInputError, match=r"only 100\.0 s long"):
        fetch_source(RunFolder(tmp_path), "https://example.org/a", WindowSettings(175.0, 180.0), settings=LOCAL)


def test_settings_refuse_what_is_no_link():
    with pytest.raises(BadInputError, match="'file'"):
        RunSettings(link="file:///etc/passwd")


def test_the_limits_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_LINK_MAX_MB", "7")
    monkeypatch.setenv("UNDERSTUDY_LINK_MAX_MINUTES", "1.5")
    monkeypatch.setenv("UNDERSTUDY_LINK_TIME_LIMIT", "30")
    monkeypatch.setenv("UNDERSTUDY_LINK_ALLOW", "10.1.0.0/16, fd00::/8")
    monkeypatch.setenv("UNDERSTUDY_LINKS", "false")
    found = fetch_settings()
    assert (found.enabled, found.max_bytes, found.max_seconds, found.time_limit_s) == (False, 7_000_000, 90.0, 30.0)
    assert found.allow == (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    monkeypatch.setenv("UNDERSTUDY_LINK_ALLOW", "my network")
    with pytest.raises(BadInputError, match="setting of links"):
        fetch_settings()


@pytest.fixture
def finished(tmp_path):
    """A run's folder with footage of every kind, and what was made of it."""
    folder = RunFolder(tmp_path / "run")
    video = write_numbered_video(tmp_path / "a.mp4", frames=20, fps=10)
    make_clip(video, folder.clip)
    for path in ("source/a.mp4", "people/person-0.jpg", "people/person-1.jpg", "person-0/side_by_side.mp4"):
        (folder.root / path).parent.mkdir(parents=True, exist_ok=True)
        (folder.root / path).write_bytes(b"picture")
    for path in ("people/person-0.npz", "person-0/track.npz", "person-0/motion.npz", "person-0/motion.glb"):
        (folder.root / path).parent.mkdir(parents=True, exist_ok=True)
        np.savez((folder.root / path).with_suffix(".npz"), a=1)
        (folder.root / path).touch()
    folder.record.write_text(json.dumps({"settings": {"seed": 1}}))
    return folder


def test_deleting_footage_leaves_what_was_made_of_it(finished):
    clip_bytes = finished.clip.stat().st_size
    assert not footage_deleted(finished)
    assert delete_footage(finished) == clip_bytes + 4 * len(b"picture")
    left = {path.relative_to(finished.root).as_posix() for path in finished.root.rglob("*") if path.is_file()}
    assert not any(path.endswith((".mp4", ".jpg")) for path in left)
    assert {"people/person-0.npz", "person-0/track.npz", "person-0/motion.npz", "person-0/motion.glb"} <= left
    record = read_json(finished.record)
    assert record["settings"] == {"seed": 1}
    facts = record["footage"]
    assert (facts["fps"], facts["frames"], facts["width"], facts["height"]) == (10.0, 20, 160, 96)
    assert footage_deleted(finished)
    with pytest.raises(RunNotFoundError, match="one source file"):
        finished.source()


def test_deleting_footage_twice_does_no_harm(finished):
    delete_footage(finished)
    facts = read_json(finished.record)["footage"]
    assert delete_footage(finished) == 0
    assert read_json(finished.record)["footage"]["frames"] == facts["frames"]


def test_a_run_of_a_link_whose_footage_was_deleted_can_fetch_it_again(finished):
    settings = RunSettings(link="https://example.org/a.mp4")
    assert not applies(STAGE, finished, settings)
    delete_footage(finished)
    assert applies(STAGE, finished, settings)
    assert dataclasses.replace(settings, link="").link == ""
