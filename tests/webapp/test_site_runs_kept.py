"""A run after it ended: taken as a zip and opened again, tried again, renamed, deleted and brought back, its log."""

import io
import json
import zipfile

import pytest
from support.motions import waving
from support.videos import write_numbered_video
from test_site_routes import UNKNOWN, wait

from core.errors import RunNotFoundError
from core.export.bundle import stream_bundle
from core.jobs.adoption import OPENED
from core.run_folder import RunFolder, write_json
from webapp.run_controls import delete_run, physics_name, rename_run, restore_run, run_again


@pytest.fixture
def elsewhere(tmp_path):
    """The folder of a run that another machine made, with settings that lead to its own files."""
    folder = RunFolder(tmp_path / "run")
    (folder.root / "source").mkdir(parents=True)
    write_numbered_video(folder.root / "source" / "dance.mp4", frames=20, fps=10)
    write_numbered_video(folder.clip, frames=20, fps=10)
    settings = {"keypoints": "/etc/passwd", "end_s": 1.5, "physics": "assisted", "body": "/root/smpl.pkl", "odd": 1}
    record = {"settings": settings, "seconds": {"clip": 2.5, "physics": 1.0}, "notices": {"clip": ["Mind the gap."]}}
    write_json(folder.record, record)
    write_json(folder.metrics, {"0": {"motion": {"jitter": 1.0, "return": None}}})
    waving(20).save(folder.person(0) / "motion.npz")
    return folder


def zipped(folder: RunFolder) -> bytes:
    return b"".join(stream_bundle(folder))


def send(client, content: bytes, name="my dance.zip"):
    return client.post("/api/runs/import", files={"file": (name, io.BytesIO(content))})


def test_a_zip_becomes_a_finished_run_that_goes_out_again_as_it_is(site_client, elsewhere):
    answer = send(site_client, zipped(elsewhere))
    assert answer.status_code == 201, answer.text
    run = site_client.get(f"/api/runs/{answer.json()['id']}").json()
    assert (run["state"], run["name"]) == ("done", "my dance")
    assert [(s["name"], s["state"], s["seconds"]) for s in run["stages"]] == [
        ("clip", "done", 2.5),
        ("middle", "skipped", None),
        ("physics", "done", 1.0),
    ]
    assert run["clip"]["frames"] == 20
    assert run["metrics"]["0"]["motion"]["jitter"] == 1.0
    assert run["notices"][0] == OPENED
    assert "Mind the gap." in run["notices"]
    again = site_client.get(f"/api/runs/{run['id']}/bundle.zip")
    assert again.headers["content-disposition"] == 'attachment; filename="my dance.zip"'
    with zipfile.ZipFile(io.BytesIO(again.content)) as archive:
        assert archive.testzip() is None
        assert archive.read("clip.mp4") == elsewhere.clip.read_bytes()
    assert send(site_client, again.content).status_code == 201


def test_another_run_of_it_follows_no_foreign_path(site_client, elsewhere):
    run_id = send(site_client, zipped(elsewhere)).json()["id"]
    settings = site_client.get(f"/api/runs/{run_id}").json()["settings"]
    assert (settings["keypoints"], settings["end_s"], settings["max_seconds"]) == ("blazepose", 1.5, 120)
    assert "odd" not in settings
    record = json.loads(site_client.get(f"/api/runs/{run_id}/files/run.json").text)
    assert "/etc/passwd" not in json.dumps(record["settings"])
    assert any("keypoints" in text for text in record["notices"]["bundle"])
    second = wait(site_client, site_client.post(f"/api/runs/{run_id}/again", json={}).json()["id"])
    assert second["state"] == "done"


def bomb(folder: RunFolder) -> None:
    with (
        zipfile.ZipFile(folder.person(0) / "motion.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("poses.npy", "w", force_zip64=True) as member,
    ):
        for _ in range(520):
            member.write(bytes(1_000_000))


def odd_figures(folder: RunFolder) -> None:
    folder.metrics.write_text('{"0": {"motion": {"jitter": NaN}}}')


def odd_people(folder: RunFolder) -> None:
    write_json(folder.people_record, {"people": [{"thumbnail": ["<img>"]}]})


@pytest.mark.parametrize(
    ("spoil", "words"), [(bomb, "MB of arrays"), (odd_figures, "finite numbers"), (odd_people, "for everybody")]
)
def test_a_zip_with_a_trap_in_it_is_refused_and_leaves_nothing(site_client, elsewhere, spoil, words):
    site = site_client.app.state.site
    before = len(site.store.recent(1000)), len(list((site.home.root / "runs").iterdir()))
    spoil(elsewhere)
    answer = send(site_client, zipped(elsewhere))
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert (len(site.store.recent(1000)), len(list((site.home.root / "runs").iterdir()))) == before


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_zip_is_refused_in_a_sentence(site_client, content):
    answer = send(site_client, content)
    assert answer.status_code == 400
    assert "Traceback" not in answer.text
    assert str(site_client.app.state.site.home.root) not in answer.text


@pytest.fixture
def failed(site_client):
    """A run that failed in its second stage, as a bug would have it."""
    site = site_client.app.state.site
    record = site.start_sample("walker", {"behaviour": "refuse", "physics": "none"})
    wait(site_client, record.id)
    return site, record.id


def test_a_failed_run_goes_on_where_it_ended(site_client, failed):
    run_id = failed[1]
    assert site_client.post(f"/api/runs/{run_id}/retry").json()["state"] == "queued"
    run = wait(site_client, run_id)
    assert run["state"] == "failed"  # it fails again, but its first stage was not done again
    calls = site_client.get(f"/api/runs/{run_id}/files/calls.txt").text.split()
    assert calls == ["clip", "middle", "middle"]
    done = upload_done(site_client)
    assert site_client.post(f"/api/runs/{done}/retry").json()["state"] == "done"


def upload_done(client) -> str:
    run_id = client.post("/api/runs", data={"sample": "walker"}).json()["id"]
    assert wait(client, run_id)["state"] == "done"
    return run_id


def test_a_run_is_renamed_in_plain_words(site_client):
    run_id = upload_done(site_client)
    answer = site_client.patch(f"/api/runs/{run_id}", json={"name": "  My\n\u202edance \t"})
    assert answer.json()["name"] == "My dance"
    assert site_client.patch(f"/api/runs/{run_id}", json={"name": " \n"}).status_code == 400
    assert site_client.patch(f"/api/runs/{UNKNOWN}", json={"name": "A"}).status_code == 404
    stranger = {"Origin": "https://evil.example"}
    assert site_client.patch(f"/api/runs/{run_id}", json={"name": "B"}, headers=stranger).status_code == 403
    site = site_client.app.state.site
    assert "at least one letter" in rename_run(site, run_id, "")[1]
    assert "My dance" in rename_run(site, run_id, "My dance")[0]


def test_a_deleted_run_is_gone_until_it_is_brought_back(site_client):
    run_id = upload_done(site_client)
    site = site_client.app.state.site
    assert site_client.delete(f"/api/runs/{run_id}").status_code == 200
    for url in ("", "/files/clip.mp4", "/log", "/bundle.zip"):
        assert site_client.get(f"/api/runs/{run_id}{url}").status_code == 404
    assert run_id not in [run.id for run in site.store.recent(1000)]
    site.purge()  # not old enough
    assert site_client.post(f"/api/runs/{run_id}/restore").json()["state"] == "done"
    assert site_client.get(f"/api/runs/{run_id}/files/clip.mp4").status_code == 200
    assert delete_run(site, run_id) == ("", run_id)
    assert delete_run(site, run_id) == ("", "")
    assert restore_run(site, run_id) == (run_id, "")


def test_what_was_deleted_long_ago_is_removed_with_its_files(site_client, monkeypatch):
    from datetime import timedelta

    run_id = upload_done(site_client)
    site = site_client.app.state.site
    site.store.delete(run_id)
    monkeypatch.setattr("webapp.site.KEPT_AFTER_DELETION", timedelta(seconds=-1))
    site.purge()
    assert not site.home.run(run_id).root.exists()
    with pytest.raises(RunNotFoundError):
        site.store.restore(run_id)


def test_the_log_tells_no_paths_of_this_machine(site_client, failed):
    site, run_id = failed
    site.home.log(run_id).write_text(f"an error in {site.home.root}/runs\n")
    answer = site_client.get(f"/api/runs/{run_id}/log")
    assert answer.text == "an error in HOME/runs\n"
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_run_at_work_is_no_zip_yet(site_client):
    site = site_client.app.state.site
    run_id = site.start_sample("walker", {"behaviour": "slow"}).id
    answer = site_client.get(f"/api/runs/{run_id}/bundle.zip")
    assert (answer.status_code, "still at work" in answer.text) == (400, True)
    site.store.delete(run_id)  # ends it too
    assert site.store.get(run_id, deleted=True).cancel_requested


def test_run_again_takes_the_choice_of_physics(site_client):
    site = site_client.app.state.site
    run_id = upload_done(site_client)
    again, trouble = run_again(site, run_id, "refined")
    assert (again != run_id, trouble) == (True, "")
    assert physics_name(site.store.get(again).settings) == "refined"
    assert run_again(site, run_id, "magic")[0] == ""  # nothing else to show
    assert "should be one of" in run_again(site, run_id, "magic")[1]
