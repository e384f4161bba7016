"""Before a run is started: the picker of its window, and how long it will take."""

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.assets import asset_path
from core.jobs.home import Home, new_run_id
from core.jobs.records import RunRecord, StageRecord
from core.video.decode import probe
from webapp import window_picker as picker
from webapp.estimates import PREVIEW_RATE, SEARCH_RATES, estimate, rates

NOW = datetime(2026, 11, 22, tzinfo=UTC)
WALKER = str(asset_path("samples/walker.mp4"))


def frames_of(html):
    data = re.search(r'src="data:image/jpeg;base64,([^"]+)"', html)[1]
    strip = np.asarray(Image.open(BytesIO(base64.b64decode(data))), dtype=float)
    return np.split(strip, picker.FRAMES, axis=1)


@pytest.mark.parametrize("decoded", [1e9, 0.0], ids=["exact", "key frames"])
def test_a_video_becomes_a_strip_of_its_frames(decoded, monkeypatch):
    monkeypatch.setattr(picker, "_DECODED_PX", decoded)
    html = picker.window_picker(WALKER, 120)
    frames = frames_of(html)
    assert min(frame.std() for frame in frames) > 10  # none is empty
    if decoded:
        assert np.abs(frames[0] - frames[-1]).mean() > 3
    assert f'data-seconds="{probe(Path(WALKER)).duration_s:.2f}"' in html


def test_what_is_no_video_has_no_window(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    (tmp_path / "a.mp4").write_text("no video")
    for file in (None, "", str(tmp_path / "a.png"), str(tmp_path / "a.mp4"), str(tmp_path / "gone.mp4")):
        assert picker.window_picker(file, 120) == ""


def a_run(length=4.0, sampling="quick", **seconds):
    stages = tuple(StageRecord(name, name, "done", 1.0, "", taken) for name, taken in seconds.items())
    settings = {"start_s": 1.0, "end_s": 1.0 + length, "physics": "sampling", "sampling": sampling}
    return RunRecord(
        new_run_id(), "a", "a.mp4", settings, "done", None, False, NOW, NOW, NOW + timedelta(minutes=1), stages
    )


def test_rates_are_of_runs_like_this_one(tmp_path):
    home = Home(tmp_path)
    runs = [
        a_run(keypoints=10.0, reconstruction=2.0),
        a_run(keypoints=14.0, reconstruction=2.0),
        a_run(keypoints=100.0),  # taken in, or broken off: no preview
    ]
    quick = replace(runs[0], stages=(*runs[0].stages, StageRecord("sampling", "", "done", 1.0, "", 60.0)))
    assert rates([quick, *runs[1:]], home, "quick") == (pytest.approx(3.5), 15.0, 2)
    assert rates([quick, *runs[1:]], home, "refined") == (pytest.approx(3.5), SEARCH_RATES["refined"], 2)
    assert rates([], home, "quick") == (PREVIEW_RATE, SEARCH_RATES["quick"], 0)
    forgotten = replace(runs[0], settings={})  # its window was open, and its clip is gone
    assert rates([forgotten], home, "quick")[2] == 0
    opened = replace(runs[0], finished=NOW)  # from a zip: computed on another machine
    assert rates([opened], home, "quick")[2] == 0


def test_the_time_is_told_where_the_length_is_known(site_client):
    site = site_client.app.state.site
    whole = estimate(site, WALKER, "", "", "sampling", "")
    assert re.fullmatch(r"About \d+ (s|min) for the preview, then about .*: 4\.0 s of video, by .*\.", whole)
    assert "1.5 s of video" in estimate(site, WALKER, "0:01", "2.5", "assisted", "")
    assert "performance" not in estimate(site, WALKER, "", "", "none", "")
    assert "5.0 s of video" in estimate(site, None, "", "", "assisted", "https://example.org/v#t=2:55,3:00")


@pytest.mark.parametrize(
    "values",
    [
        (None, "", "", "sampling", ""),
        (None, "", "", "sampling", "https://example.org/v"),
        (None, "", "", "sampling", "no link"),
        (WALKER, "x", "", "sampling", ""),
        (WALKER, "3", "1", "sampling", ""),
        (WALKER, "", "", "odd", ""),
    ],
)
def test_nothing_is_guessed_where_it_is_not_known(site_client, values):
    assert estimate(site_client.app.state.site, *values) == ""
