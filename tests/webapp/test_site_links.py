"""Links on the page and at the routes, and footage deleted there. Nothing here asks the network for anything."""

import asyncio
import time

import gradio as gr
import pytest
from anyio import to_thread
from fastapi import HTTPException
from support.videos import write_numbered_video
from test_site_routes import UNKNOWN, upload, wait

from core.run_folder import RunFolder
from core.video.fetch import Found
from core.video.fetch_preview import Preview
from core.video.fetch_settings import FetchSettings
from core.video.link import read_link
from webapp import link_routes
from webapp.pages import _show
from webapp.run_controls import delete_run_footage
from webapp.starting import times_in


def call(client, *data):
    answer = client.post("/gradio_api/run/start_run", json={"data": list(data)})
    return answer.status_code, answer.json()


BAD = [
    ("http://127.0.0.1:7860/", "private network"),
    ("http://169.254.169.254/latest/meta-data/", "private network"),
    ("http://[::ffff:10.0.0.1]/", "private network"),
    ("file:///etc/passwd", "'file'"),
    ("https://me:secret@example.org/v.mp4", "user name"),
    ("\n".join(f"https://example.org/{i}.mp4" for i in range(50)), "50 came"),
    ("https://example.org/" + "x" * 5000, "at most 2048"),
    ("<script>alert(1)</script>", "https://"),
    ("my walk", "spaces"),
]


@pytest.mark.parametrize(("link", "words"), BAD)
def test_a_bad_link_is_a_sentence_on_the_page_and_at_the_route(site_client, link, words):
    before = len(site_client.app.state.site.store.recent(1000))
    status, answer = call(site_client, None, "", "", "none", link)
    assert status == 500  # Gradio's way to tell the page of an error
    assert words in answer["error"]
    answer = site_client.post("/api/runs", data={"link": link})
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert len(site_client.app.state.site.store.recent(1000)) == before


@pytest.mark.parametrize(("link", "words"), BAD)
def test_a_bad_link_is_a_sentence_before_anybody_is_asked(site_client, link, words):
    answer = site_client.post("/api/links/preview", json={"link": link})
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_a_preview_is_looked_up_once_and_tells_the_window(site_client, monkeypatch):
    asked = []

    def look(link, settings):
        asked.append(link.url)
        return Preview(Found("<b>A dance</b>", "Somebody", link.url, "Site", "", 95.5), b"a picture")

    monkeypatch.setattr(link_routes, "preview_link", look)
    for _ in range(2):
        answer = site_client.post("/api/links/preview", json={"link": "https://a.example/v#t=5,7"})
    told = answer.json()
    assert (told["title"], told["seconds"], told["start_s"], told["end_s"]) == ("<b>A dance</b>", 95.5, 5.0, 7.0)
    assert told["picture"].startswith("data:image/jpeg;base64,")
    assert len(asked) == 1


def test_fifty_links_at_once_are_looked_at_a_few_at_a_time(monkeypatch):
    desk, now, most = link_routes.LinkDesk(), [], []

    def look(link, settings):
        now.append(link)
        most.append(len(now))
        time.sleep(0.01)
        now.remove(link)
        return Preview(Found("", "", link.url, "", "", None), None)

    monkeypatch.setattr(link_routes, "preview_link", look)
    links = [read_link(f"https://a.example/{i}.mp4") for i in range(50)]

    async def all_at_once():
        # No more threads than there are turns: who waits needs none.
        to_thread.current_default_thread_limiter().total_tokens = link_routes.AT_ONCE
        return await asyncio.gather(*(desk.look(link, FetchSettings()) for link in links))

    seen = [preview.found.page for preview in asyncio.run(all_at_once())]
    assert seen == [link.url for link in links]
    assert max(most) <= link_routes.AT_ONCE


def test_who_waits_too_long_for_a_turn_is_told(monkeypatch):
    monkeypatch.setattr(link_routes, "_WAIT_S", 0.05)
    monkeypatch.setattr(link_routes, "AT_ONCE", 0)
    with pytest.raises(HTTPException, match="Many links"):
        asyncio.run(link_routes.LinkDesk().look(read_link("https://a.example/v.mp4"), FetchSettings()))


def test_a_file_and_a_link_together_are_refused(site_client, tmp_path):
    video = write_numbered_video(tmp_path / "a.mp4", frames=20, fps=10).read_bytes()
    answer = upload(site_client, video, link="https://example.org/a.mp4")
    assert (answer.status_code, answer.json()["error"][:6]) == (400, "Either")


def test_a_link_starts_a_run_in_its_window(site_client):
    status, answer = call(site_client, None, "2:55-3:00", "", "none", "https://videos.invalid/a.mp4?t=10")
    assert status == 200, answer
    run = site_client.app.state.site.store.get(answer["data"][0])
    assert (run.settings["start_s"], run.settings["end_s"]) == (175, 180)
    assert run.settings["link"] == "https://videos.invalid/a.mp4?t=10"
    assert run.name == "videos.invalid/a.mp4?t=10"
    answer = site_client.post("/api/runs", data={"link": "https://videos.invalid/a.mp4#t=2:55", "physics": "none"})
    assert answer.status_code == 201, answer.text
    assert site_client.get(f"/api/runs/{answer.json()['id']}").json()["settings"]["start_s"] == 175


def test_the_window_is_filled_in_from_the_link_where_it_is_empty():
    assert times_in("https://youtu.be/abc?t=175", "", "") == ("2:55", "")
    assert times_in("https://a.example/v.mp4#t=3661.5,3665", "", "") == ("1:01:01.5", "1:01:05")
    assert times_in("https://youtu.be/abc?t=175", "5", "") == ("5", "")
    assert times_in("no link", "", "") == ("", "")


@pytest.fixture
def finished(site_client, tmp_path):
    """A finished run with a clip."""
    video = write_numbered_video(tmp_path / "a.mp4", frames=20, fps=10).read_bytes()
    run = wait(site_client, upload(site_client, video).json()["id"])
    assert run["clip"]["url"]
    return run["id"]


def test_footage_is_deleted_and_the_run_kept(site_client, finished):
    site = site_client.app.state.site
    folder: RunFolder = site.home.run(finished)
    answer = site_client.delete(f"/api/runs/{finished}/footage")
    assert answer.status_code == 200
    assert answer.json()["bytes"] > 1000
    assert not folder.clip.exists()
    assert not folder.has_source()
    run = site_client.get(f"/api/runs/{finished}").json()
    assert run["clip"] == {"url": None, "fps": 10.0, "frames": 20, "width": 160, "height": 96}
    assert site_client.get(f"/api/runs/{finished}/files/clip.mp4").status_code == 404
    assert run["metrics"]
    # The viewer is still shown; another run of the same source is refused in a sentence.
    assert finished in _show(site, finished)
    again = site_client.post(f"/api/runs/{finished}/again", json={})
    assert again.status_code == 400
    assert "Start a new run" in again.json()["error"]


def test_footage_is_deleted_from_the_page_when_that_was_confirmed(site_client, finished):
    site = site_client.app.state.site
    assert delete_run_footage(site, "") == ("", gr.skip())
    assert site.home.run(finished).clip.exists()
    told, button = delete_run_footage(site, finished)
    assert "were deleted" in told
    assert button.interactive is False
    assert not site.home.run(finished).clip.exists()


def test_footage_that_is_still_needed_stays(site_client, finished):
    site = site_client.app.state.site
    site.store.create("c" * 16, "A", "a.mp4", {}, [("clip", "Cut")])
    answer = site_client.delete(f"/api/runs/{'c' * 16}/footage")
    site.store.request_cancel("c" * 16)
    assert answer.status_code == 400
    assert "still needs its footage" in answer.json()["error"]
    assert site_client.delete(f"/api/runs/{UNKNOWN}/footage").status_code == 404
