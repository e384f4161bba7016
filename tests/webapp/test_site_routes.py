"""The site's own routes: runs from submission to their files, and everything that is refused."""

import io
import time

import pytest
from support.videos import write_numbered_video

from core.assets import asset_path
from core.run_folder import RunFolder

UNKNOWN = "a" * 16


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return write_numbered_video(tmp_path_factory.mktemp("video") / "a clip.mp4", frames=20, fps=10).read_bytes()


def wait(client, run_id, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        run = client.get(f"/api/runs/{run_id}").json()
        if run["state"] in ("done", "failed", "cancelled"):
            return run
        time.sleep(0.05)
    raise AssertionError(f"The run did not finish: {run}")


def upload(client, content, name="a clip.mp4", **form):
    return client.post("/api/runs", files={"file": (name, io.BytesIO(content))}, data=form)


@pytest.fixture(scope="module")
def done(site_client, video):
    """A finished run of an upload."""
    answer = upload(site_client, video, start="0.5", end="1.5", physics="none")
    assert answer.status_code == 201, answer.text
    return wait(site_client, answer.json()["id"])


def test_the_site_is_alive(site_client):
    assert site_client.get("/healthz").json() == {"state": "ok"}


def test_an_uploaded_video_becomes_a_run(site_client, done):
    assert (done["state"], done["error"], done["name"]) == ("done", None, "a clip.mp4")
    assert [(s["name"], s["state"]) for s in done["stages"]] == [
        ("clip", "done"),
        ("middle", "done"),
        ("physics", "skipped"),
    ]
    assert done["settings"]["start_s"] == 0.5
    assert done["settings"]["end_s"] == 1.5
    assert done["settings"]["max_seconds"] == 120
    assert {key: done["clip"][key] for key in ("fps", "frames", "width", "height")} == {
        "fps": 10.0,
        "frames": 20,
        "width": 160,
        "height": 96,
    }
    assert done["metrics"]["0"]["motion"] == {"jitter": 1.5, "foot_slide_cm_s": None}
    assert sorted(a["path"] for a in done["artifacts"]) == ["calls.txt", "clip.mp4", "metrics.json"]
    assert done["people"] == []


def test_every_artifact_can_be_fetched(site_client, done):
    for artifact in done["artifacts"]:
        answer = site_client.get(artifact["url"])
        assert answer.status_code == 200
        assert len(answer.content) == artifact["bytes"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]


def test_a_part_of_a_file_can_be_fetched(site_client, done, video):
    answer = site_client.get(done["clip"]["url"], headers={"Range": "bytes=10-19"})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes 10-19/{len(video)}"
    assert answer.content == video[10:20]
    assert answer.headers["content-type"] == "video/mp4"


@pytest.mark.parametrize(
    "path",
    [
        "../../../understudy.sqlite",
        "%2e%2e/%2e%2e/understudy.sqlite",
        "..%2f..%2funderstudy.sqlite",
        "source/a%20clip.mp4",
        ".log.txt",
        "%2fetc%2fpasswd",
        "clip.mp4/..",
        "nothing.npz",
    ],
)
def test_nothing_but_artifacts_is_served(site_client, done, path):
    answer = site_client.get(f"/api/runs/{done['id']}/files/{path}")
    assert answer.status_code == 404
    assert b"SQLite" not in answer.content


@pytest.mark.parametrize("run_id", [UNKNOWN, "..", "x", "a" * 200, "%00"])
def test_an_unknown_run_is_a_plain_404(site_client, run_id):
    for url in (f"/api/runs/{run_id}", f"/api/runs/{run_id}/files/clip.mp4", f"/api/runs/{run_id}/people/0/track.json"):
        assert site_client.get(url).status_code == 404
    answer = site_client.get(f"/api/runs/{UNKNOWN}")
    assert answer.json() == {"error": "There is no run with this id."}
    assert site_client.post(f"/api/runs/{UNKNOWN}/cancel").status_code == 404


def test_a_sample_is_started_by_name(site_client):
    answer = site_client.post("/api/runs", data={"sample": "walker"})
    assert answer.status_code == 201
    run = wait(site_client, answer.json()["id"])
    assert (run["state"], run["name"]) == ("done", "The walker")
    source = RunFolder(site_client.app.state.site.home.run(run["id"]).root).source()
    assert source.read_bytes() == asset_path("samples/walker.mp4").read_bytes()


def test_a_run_is_cancelled(site_client, video):
    first = upload(site_client, video).json()["id"]
    answer = site_client.post(f"/api/runs/{first}/cancel")
    assert answer.status_code == 200
    assert wait(site_client, first)["state"] in ("cancelled", "done")


@pytest.mark.parametrize(
    ("content", "form", "words"),
    [
        (b"", {}, "empty"),
        (b"this is no video at all" * 50, {}, "should be a video"),
        (None, {"start": "1.5", "end": "0.5"}, "after its start"),
        (None, {"start": "60"}, "only 2.0 s long"),
        (None, {"start": "0", "end": "60"}, "only 2.0 s long"),
    ],
)
def test_bad_input_is_refused_in_a_sentence_and_leaves_nothing_behind(site_client, video, content, form, words):
    site = site_client.app.state.site
    before = len(site.store.recent(1000)), len(list((site.home.root / "runs").iterdir()))
    answer = upload(site_client, video if content is None else content, **form)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert "Traceback" not in answer.text
    assert str(site.home.root) not in answer.text
    after = len(site.store.recent(1000)), len(list((site.home.root / "runs").iterdir()))
    assert before == after
    assert list(site.home.uploads.iterdir()) == []


def test_a_window_longer_than_the_limit_is_refused(site_client, tmp_path):
    content = write_numbered_video(tmp_path / "long.mp4", 130, 1).read_bytes()
    answer = upload(site_client, content)
    assert answer.status_code == 400
    assert "at most 120 s" in answer.json()["error"]
    assert upload(site_client, content, end="3").status_code == 201


@pytest.mark.parametrize(
    ("form", "status"),
    [({}, 400), ({"sample": "nobody"}, 400), ({"sample": "walker", "start": "soon"}, 400)],
)
def test_requests_that_make_no_sense(site_client, form, status):
    answer = site_client.post("/api/runs", data=form)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}


def test_pages_of_other_sites_cannot_start_runs(site_client):
    answer = site_client.post("/api/runs", data={"sample": "walker"}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    own = site_client.post("/api/runs", data={"sample": "walker"}, headers={"Origin": "http://testserver"})
    assert own.status_code == 201


def test_a_html_file_is_never_served_as_a_page(site_client, done):
    folder = site_client.app.state.site.home.run(done["id"]).root
    (folder / "evil.html").write_text("<script>alert(1)</script>")
    answer = site_client.get(f"/api/runs/{done['id']}/files/evil.html")
    assert answer.headers["content-type"] == "application/octet-stream"
    (folder / "evil.html").unlink()


def test_the_viewer_and_the_posters_are_served(site_client):
    page = site_client.get("/viewer/index.html")
    assert page.status_code == 200
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    poster = site_client.get("/api/samples/walker/poster.jpg")
    assert poster.content.startswith(b"\xff\xd8")
    assert site_client.get("/api/samples/../poster.jpg").status_code == 404
    assert site_client.get("/api/samples/nobody/poster.jpg").status_code == 400


def test_another_run_of_the_same_source_takes_changes_and_leaves_the_first_alone(site_client, done):
    again = site_client.post(f"/api/runs/{done['id']}/again", json={"person": "1"})
    assert again.status_code == 201, again.text
    second = wait(site_client, again.json()["id"])
    assert second["id"] != done["id"]
    assert second["settings"] == done["settings"] | {"person": "1"}
    assert second["clip"]["frames"] == done["clip"]["frames"]
    assert site_client.get(f"/api/runs/{done['id']}").json() == done


def test_people_who_were_found_are_not_looked_for_again(site_client, done):
    home = site_client.app.state.site.home
    first = home.run(done["id"])
    first.people_record.write_text('{"people": []}')
    first.found_track(0).parent.mkdir()
    first.found_track(0).write_bytes(b"as it was found")
    try:
        second = home.run(site_client.post(f"/api/runs/{done['id']}/again", json={}).json()["id"])
        assert second.found_track(0).read_bytes() == b"as it was found"
        assert second.people_record.read_text() == '{"people": []}'
        wait(site_client, second.root.name)
    finally:
        first.found_track(0).unlink()
        first.found_track(0).parent.rmdir()
        first.people_record.unlink()


@pytest.mark.parametrize(
    "changes",
    [
        {"person": "me"},
        {"hmr": "/etc"},
        {"corrections": [{"frame": -1, "x": 0, "y": 0, "person": 0}]},
    ],
)
def test_changes_that_make_no_sense_are_refused(site_client, done, changes):
    answer = site_client.post(f"/api/runs/{done['id']}/again", json=changes)
    assert answer.status_code in (400, 422)
    assert "Traceback" not in answer.text


def test_a_run_that_is_not_there_cannot_be_run_again(site_client):
    assert site_client.post(f"/api/runs/{UNKNOWN}/again", json={}).status_code == 404
