"""Keypoints from elsewhere on the command line."""

import sys
from pathlib import Path

import numpy as np
import pytest
from support.openpose_files import body_25, write_folder
from typer.testing import CliRunner

from core.errors import NoPersonError
from core.motion import Track
from core.run_folder import read_json
from core.video.decode import frame_times
from webapp.cli import app
from webapp.commands.run import source_path

cli = CliRunner()
WINDOW = ["--start", "1", "--end", "1.4", "--physics", "none", "--no-video"]


@pytest.fixture(scope="module")
def by_blazepose(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "blazepose"
    result = cli.invoke(app, ["run", "SAMPLE", "--out", str(out), "--person", "all", *WINDOW])
    assert result.exit_code == 0, result.stderr
    return out


def test_openpose_files_of_the_whole_source(by_blazepose: Path, tmp_path: Path):
    """What BlazePose found, written as OpenPose would have: the same people at the same places, the notices kept."""
    tracks = [Track.load(by_blazepose / f"person-{n}" / "track.npz") for n in (0, 1)]
    times = frame_times(source_path("SAMPLE"))
    frames = {i: [] for i in range(len(times))}
    for i, t in enumerate(1.0 + tracks[0].times):
        frames[int(np.abs(times - t).argmin())] = [body_25(track.keypoints[i]) for track in reversed(tracks)]
    folder = write_folder(tmp_path / "json", frames)
    out = tmp_path / "run"
    result = cli.invoke(app, ["run", "SAMPLE", "--keypoints", str(folder), "--out", str(out), "--person", "1", *WINDOW])
    assert result.exit_code == 0, result.stderr
    got = Track.load(out / "person-1" / "track.npz")
    assert got.present.all()
    assert np.abs(got.keypoints[:, [0, 23, 26]] - tracks[1].keypoints[:, [0, 23, 26]]).max() < 0.01
    assert read_json(out / "run.json")["settings"]["keypoints"] == str(folder)
    assert read_json(out / "metrics.json")["1"]["motion"]["keypoint_error_px"] < 25


def test_rtm_that_cannot_be_had_falls_back_visibly(by_blazepose: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rtmlib", None)
    out = tmp_path / "run"
    result = cli.invoke(app, ["run", "SAMPLE", "--keypoints", "rtm", "--out", str(out), *WINDOW])
    assert result.exit_code == 0, result.stderr
    assert "RTMPose could not be used" in " ".join(result.stderr.split())
    mine, other = (Track.load(folder / "person-0" / "track.npz") for folder in (out, by_blazepose))
    assert np.array_equal(mine.keypoints, other.keypoints)


def test_what_is_no_keypoints_file(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.json").write_text("{}")
    result = cli.invoke(app, ["run", "SAMPLE", "--keypoints", "notes.json", "--out", "run", *WINDOW])
    assert result.exit_code == 2
    assert "a list 'people' as OpenPose writes it" in " ".join(result.stderr.split())
    result = cli.invoke(app, ["run", "SAMPLE", "--keypoints", "nowhere.json", "--out", "other"])
    assert result.exit_code == 2
    assert "OpenPose's JSON that exists" in " ".join(result.stderr.split())


def test_slow_motion_reaches_the_keypoints(tmp_path: Path, monkeypatch):
    """Files of keypoints have no times: the source's frames are found by start and time scale."""
    asked = []

    def nobody(clip, settings, spec, progress, source, start_s, time_scale):
        asked.append((clip.times[-1], start_s, time_scale))
        raise NoPersonError("nobody")

    monkeypatch.setattr("core.pipeline.tracks_from", nobody)
    result = cli.invoke(app, ["run", "SAMPLE", "--time-scale", "2", "--out", str(tmp_path / "run"), *WINDOW])
    assert result.exit_code != 0
    assert asked == [(pytest.approx(0.2, abs=0.04), 1.0, 2.0)]
