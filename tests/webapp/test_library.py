"""The library: the list of runs, what they take on disk, their moving pictures, the page."""

import pytest
from support.motions import waving

from core.jobs.home import folder_bytes, new_run_id
from core.run_folder import write_json


def start(client, name, **settings):
    site = client.app.state.site
    run = site.store.create(new_run_id(), name, "a.mp4", settings, [("clip", "Cut")])
    site.store.finish(run.id, "done")
    folder = site.home.run(run.id)
    folder.person(0).mkdir(parents=True)
    return run, folder


def listed(client, **query):
    answer = client.get("/api/runs", params=query)
    assert answer.status_code == 200
    return answer.json()


def test_a_run_is_listed_with_what_it_takes(site_client):
    run, folder = start(site_client, "<b>Ballet</b>", start_s=1.0, end_s=2.5)
    write_json(folder.metrics, {"a": 1})
    (told,) = listed(site_client, search="BALLET")["runs"]
    assert (told["name"], told["kind"], told["window"]) == ("<b>Ballet</b>", "video", [1.0, 2.5])
    assert told["bytes"] == folder_bytes(folder.root) == folder.metrics.stat().st_size
    assert told["preview_url"] is None
    assert site_client.get(f"/api/runs/{run.id}/preview.webp").status_code == 404
    use = site_client.get("/api/disk").json()
    assert use["bytes"] >= told["bytes"] > 0
    site_client.delete(f"/api/runs/{run.id}")
    assert listed(site_client, search="ballet")["total"] == 0
    (gone,) = listed(site_client, search="ballet", state="deleted")["runs"]
    assert gone["deleted"]
    assert site_client.get("/api/disk").json()["deleted_bytes"] >= told["bytes"]


def test_a_moving_picture_is_drawn_once_and_anew_for_another_motion(site_client):
    _, folder = start(site_client, "moving")
    (folder.person(0) / "track.npz").write_bytes(b"")
    waving(20).save(folder.person(0) / "motion.npz")
    (told,) = listed(site_client, search="moving")["runs"]
    first = site_client.get(told["preview_url"])
    assert first.headers["content-type"] == "image/webp"
    (kept,) = folder.root.glob(".preview-*")
    drawn = kept.stat().st_mtime_ns
    assert site_client.get(told["preview_url"]).content == first.content
    assert kept.stat().st_mtime_ns == drawn
    assert ".preview" not in str(folder.artifacts())
    waving(40).save(folder.person(0) / "motion.npz")
    again = listed(site_client, search="moving")["runs"][0]["preview_url"]
    assert again != told["preview_url"]
    assert site_client.get(again).content != first.content
    (folder.person(0) / "motion.npz").write_bytes(b"cut short")
    assert site_client.get(again).status_code == 404


@pytest.mark.parametrize(
    "query", [{"page": 0}, {"page": "x"}, {"size": 1000}, {"state": "odd"}, {"kind": "odd"}, {"search": "x" * 300}]
)
def test_what_cannot_be_asked_for_is_said(site_client, query):
    answer = site_client.get("/api/runs", params=query)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]


def test_pages(site_client):
    for i in range(5):
        start(site_client, f"paged {i}")
    parts = [listed(site_client, search="paged", size=2, page=page) for page in (1, 2, 3, 4)]
    assert [[run["name"][-1] for run in part["runs"]] for part in parts] == [["4", "3"], ["2", "1"], ["0"], []]
    assert {(part["total"], part["pages"]) for part in parts} == {(5, 3)}


def test_every_page_leads_to_the_others(site_client):
    for address in ("/", "/evaluate/", "/library"):
        page = site_client.get(address).text
        assert "/library" in page
    assert 'aria-current="page">Library' in page
