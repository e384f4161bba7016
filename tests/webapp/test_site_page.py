"""The Gradio page: what it shows for a run, its endpoints, its headers, and that it asks nobody else."""

import re
import time
from html import escape

import gradio as gr
import pytest
from support.videos import write_numbered_video

from core.jobs.home import new_run_id
from core.jobs.records import RunRecord, StageRecord
from webapp import fragments
from webapp.pages import _poll, _show
from webapp.run_controls import rename_run, retry_run, run_again

EVIL = '<img src=x onerror="alert(1)">'


def record(state="running", **more):
    stages = (
        StageRecord("clip", "Cut the window", "done", 1.0, "", 1.25),
        StageRecord("keypoints", "Find people", "running", 0.4, EVIL, 0.5),
        StageRecord("physics", "Physics", "waiting", 0.0, "", None),
    )
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    given = {"id": "a" * 16, "name": EVIL, "source_name": "a.mp4", "settings": {"start_s": 1.0, "end_s": 2.5}}
    given |= {"error": None, "cancel_requested": False, "created": now, "started": now, "finished": None}
    return RunRecord(**given | {"state": state, "stages": stages} | more)


def test_progress_is_told_to_screen_readers_too():
    html = fragments.stage_list(record())
    assert re.findall(r'role="progressbar" aria-label="([^"]+)"', html) == [
        "Cut the window: done",
        "Find people: running",
        "Physics: waiting",
    ]
    assert re.findall(r'aria-valuenow="(\d+)"', html) == ["100", "40", "0"]
    assert html.count("aria-current=step") == 1
    assert "1.2 s" in html


def test_the_stages_of_a_finished_run_are_folded_away():
    html = fragments.stage_list(record("done"))
    assert html.startswith("<details")
    assert "2 s</summary>" in html
    assert "<details" not in fragments.stage_list(record("failed"))


def test_nothing_from_outside_becomes_markup():
    run = record("failed", error=EVIL)
    for html in (fragments.stage_list(run), fragments.run_head(run), fragments.recent_runs([run])):
        assert EVIL not in html
        assert escape(EVIL) in html


def test_a_failed_run_says_why():
    html = fragments.run_head(record("failed", error="Nobody was found."))
    assert 'role="alert">Nobody was found.' in html
    assert "1 s to 2.5 s" in html
    assert "Cancelling" in fragments.run_head(record(cancel_requested=True))


def test_the_page_is_served_with_its_guards(site_client):
    answer = site_client.get("/")
    assert answer.status_code == 200
    assert "Understudy" in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'self'" in policy
    assert not re.search(r"https?:", policy)


def test_the_page_names_no_other_host(site_client):
    config = site_client.get("/config").json()
    assert config["analytics_enabled"] is False
    css = site_client.get("/theme.css").text
    assert "fonts.googleapis" not in css + str(config.get("stylesheets"))


def test_only_the_named_endpoints_are_public(site_client):
    info = site_client.get("/gradio_api/info").json()
    starting = {"/start_run", "/start_walker", "/start_flip", "/open_run"}
    assert set(info["named_endpoints"]) == starting | {"/run_status", "/run_files", "/list_runs", "/cancel_run"}
    assert info["unnamed_endpoints"] == {}


def call(client, name, *data):
    answer = client.post(f"/gradio_api/run/{name}", json={"data": list(data)})
    return answer.status_code, answer.json()


def test_the_sample_button_starts_a_run(site_client):
    status, answer = call(site_client, "start_walker")
    assert status == 200, answer
    (run_id,) = answer["data"]
    store = site_client.app.state.site.store
    assert (store.get(run_id).settings["physics"], store.get(run_id).settings["sampling"]) == ("sampling", "quick")
    deadline = time.monotonic() + 30
    while not store.get(run_id).is_finished and time.monotonic() < deadline:
        time.sleep(0.05)
    assert store.get(run_id).state == "done"


def uploaded(client, path):
    with path.open("rb") as file:
        answer = client.post("/gradio_api/upload", files={"files": (path.name, file)})
    return {"path": answer.json()[0], "orig_name": path.name, "meta": {"_type": "gradio.FileData"}}


def test_an_upload_on_the_page_starts_a_run(site_client, tmp_path):
    video = write_numbered_video(tmp_path / "mine.mp4", frames=20, fps=10)
    status, answer = call(site_client, "start_run", uploaded(site_client, video), "0:00.5", "1.5", "assisted", "")
    assert status == 200, answer
    run = site_client.app.state.site.store.get(answer["data"][0])
    assert (run.name, run.settings["start_s"], run.settings["end_s"]) == ("mine.mp4", 0.5, 1.5)


@pytest.mark.parametrize(
    ("content", "start", "words"),
    [(b"no video" * 99, "", "should be a video"), (None, "", "none was chosen"), (b"x", "soon", "minutes:seconds")],
)
def test_bad_input_is_a_sentence_on_the_page(site_client, tmp_path, content, start, words):
    file = None
    if content is not None:
        (tmp_path / "bad.mp4").write_bytes(content)
        file = uploaded(site_client, tmp_path / "bad.mp4")
    before = len(site_client.app.state.site.store.recent(1000))
    status, answer = call(site_client, "start_run", file, start, "", "assisted", "")
    assert status == 500  # Gradio's way to tell the page of an error
    assert words in answer["error"]
    assert "Traceback" not in str(answer)
    assert len(site_client.app.state.site.store.recent(1000)) == before


def test_an_unknown_address_says_so_and_offers_the_start(site_client):
    site = site_client.app.state.site
    shown = _show(site, "b" * 16)
    assert shown[0] == ""
    assert "There is no run with this address" in shown[3]
    assert _show(site, "")[3] == fragments.recent_runs(site.store.recent())
    assert EVIL not in str(_show(site, EVIL))


def test_the_script_of_a_running_page_is_told_only_what_it_has_not(site_client):
    site = site_client.app.state.site
    run_id = new_run_id()
    site.store.create(run_id, EVIL, "a.mp4", {}, [("clip", 'Cut & "paste"')])
    page = f"/api/runs/{run_id}/page"
    first = site_client.get(page)
    parts = first.json()
    shown = _show(site, run_id)[5:9]
    assert all(parts[name] in shown[i] for i, name in ((0, "head"), (1, "stages"), (3, "links")))
    assert f'data-key="{parts["key"]}"' in shown[0]
    assert EVIL not in first.text
    same = site_client.get(page, headers={"if-none-match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    site.store.stage_started(run_id, "clip")
    moved = site_client.get(page, headers={"if-none-match": first.headers["etag"]})
    assert moved.json()["key"] == parts["key"]  # no button has to change
    assert moved.json()["stages"] != parts["stages"]
    site.store.finish(run_id, "failed", "Nobody was found.")
    ended = site_client.get(page).json()["key"]
    assert ended != parts["key"]
    assert f'data-key="{escape(ended)}"' in _show(site, run_id)[5]  # as the script reads it, the same
    assert 'Cut & "paste"' in ended
    site.store.delete(run_id)
    assert site_client.get(page).status_code == 404


def test_polling_ends_with_the_run_and_tells_only_what_changed(site_client):
    site = site_client.app.state.site
    run_id = new_run_id()
    site.store.create(run_id, "A", "a.mp4", {}, [("clip", "Cut")])
    shown = _show(site, run_id)
    head, stages, frame, links, _, retry = shown[5:11]
    assert 'data-going="1"' in head
    assert not retry.visible
    assert frame == ""  # no clip yet, no viewer
    skipped = _poll(site, run_id, head, stages, frame, links)
    assert skipped[:4] == [gr.skip()] * 4
    site.home.run(run_id).root.mkdir(parents=True)
    site.home.run(run_id).clip.write_bytes(b"x")
    site.store.finish(run_id, "failed", "Nobody was found.")
    told = _poll(site, run_id, head, stages, frame, links)
    assert "Nobody was found." in told[0]
    assert told[2] == run_id
    assert "bundle.zip" in told[3]
    assert not told[4].visible
    assert told[5].visible
    assert "data-going" not in told[0]
    assert _poll(site, run_id, told[0], stages, run_id, told[3])[2] == gr.skip()


def test_a_running_page_is_still_followed_after_its_run_was_renamed(site_client):
    site = site_client.app.state.site
    run_id = new_run_id()
    site.store.create(run_id, "A", "a.mp4", {}, [("clip", "Cut")])
    head, trouble = rename_run(site, run_id, "B")
    assert (head, trouble) == (_show(site, run_id)[5], "")
    assert f'data-live="head" data-run="{run_id}"' in head
    assert "<h2>B</h2>" in head
    site.store.delete(run_id)  # in another tab
    head, trouble = rename_run(site, run_id, "C")
    assert head == gr.skip()
    assert 'role="alert"' in trouble


def test_what_is_refused_says_so_and_leaves_the_page(site_client):
    site = site_client.app.state.site
    frame, started, trouble = retry_run(site, "b" * 16)
    assert (frame, started) == (gr.skip(), "")
    assert 'role="alert"' in trouble
    started, trouble = run_again(site, "b" * 16, "none")
    assert started == ""
    assert 'role="alert"' in trouble
    config = site_client.get("/config").json()
    parts = {part["id"]: part["props"] for part in config["components"]}
    panel = next(each for each in _areas(config["layout"]) if parts[each["id"]].get("elem_id") == "controls")
    folded = {parts[each["id"]].get("elem_id") for each in _areas(panel)}
    assert "run-name" in folded
    assert "run-trouble" not in folded  # seen while the panel is closed, too


def _areas(layout):
    for child in layout.get("children") or []:
        yield child
        yield from _areas(child)
