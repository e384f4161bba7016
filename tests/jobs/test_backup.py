"""A site in one file and back; what lies in a home and belongs to nothing."""

import json
import time
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from jobs_kit import calls, make_home, wait_until_finished

from core.errors import BadInputError, RunNotFoundError
from core.jobs.backup import RECORD, back_up, restore
from core.jobs.cleaning import find_orphans
from core.jobs.database import make_engine
from core.jobs.home import Home, new_run_id
from core.jobs.migrate import alembic_config, migrating, newest_revision
from core.jobs.store import RunStore
from core.jobs.submit import Submission
from core.jobs.worker import Worker, make_client, prepare_queue

STAGES = [("clip", "Cut the window"), ("middle", "Do the work"), ("physics", "Put it under physics")]


def filled(root):
    """A home with a finished run of Ada's and one that was broken off in its second stage."""
    home, engine, store = make_home(root)
    done = store.create(new_run_id(), "Ada's ü", "a.mp4", {"start_s": 1.5}, STAGES, owner="ada").id
    store.finish(done, "done")
    half = store.create(new_run_id(), "Half", "a.mp4", {}, STAGES).id
    store.begin(half)
    store.stage_finished(half, "clip", "done")
    store.stage_started(half, "middle")
    for run in (done, half):
        folder = home.run(run).root / "source"
        folder.mkdir(parents=True)
        (folder / "a.mp4").write_bytes(b"a video")
        (folder.parent / ".lock").touch()
    (home.run(done).root / "person-0").mkdir()
    (home.run(done).root / "person-0" / "hmr.npz").write_bytes(bytes(range(256)))
    return home, engine, store, done, half


def empty(root):
    return Home(root), make_engine(Home(root).database_url)


def test_a_site_comes_back_whole_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    home, engine, store, done, half = filled(tmp_path / "old")
    report = back_up(engine, home, tmp_path / "b" / "site.zip")
    assert (report.runs, report.files, report.unfinished) == (2, 3, (half,))
    assert [p.name for p in (tmp_path / "b").iterdir()] == ["site.zip"]

    new_home, new_engine = empty(tmp_path / "new")
    assert restore(new_engine, new_home, tmp_path / "b" / "site.zip") == report
    new_store = RunStore(new_engine)
    assert new_store.get(done) == store.get(done)
    assert (new_home.run(done).root / "person-0" / "hmr.npz").read_bytes() == bytes(range(256))
    assert not list(new_home.root.glob("restoring-*"))

    import fake_pipeline

    prepare_queue(new_engine)
    client = make_client(new_engine)
    Submission(new_store, new_home, client, fake_pipeline).queue_again(report.unfinished)
    assert new_store.get(half).state == "queued"
    with Worker(new_engine, new_home, "new", "fake_pipeline", poll_s=0.05):
        assert wait_until_finished(new_store, half).state == "done"
    client.destroy()
    assert calls(new_home, half) == ["middle", "physics"]


def test_runs_of_a_restore_that_was_broken_off_do_not_wait_for_ever(tmp_path):
    home, engine, store, _, half = filled(tmp_path)  # it is in no queue
    with Worker(engine, home, "new", "fake_pipeline", poll_s=0.05):
        run = store.get(half)
    assert run.state == "failed"
    assert "Start it again" in run.error


def test_a_backup_of_an_earlier_version_is_brought_up_to_date(tmp_path):
    _, engine, _, done, _ = filled(tmp_path / "old")
    with migrating(engine) as connection:
        connection.exec_driver_sql("DELETE FROM runs WHERE owner = 'local'")
        command.downgrade(alembic_config(connection), "0001")
    rows = {}
    with engine.connect() as connection:
        for table in ("runs", "run_stages"):
            rows[table] = [dict(row) for row in connection.execute(sa.text(f"SELECT * FROM {table}")).mappings()]
    for row in rows["runs"]:
        row["settings"], row["cancel_requested"] = json.loads(row["settings"]), bool(row["cancel_requested"])
    with zipfile.ZipFile(tmp_path / "old.zip", "w") as archive:
        archive.writestr(RECORD, json.dumps({"format": 1, "revision": "0001", "tables": rows}))
    new_home, new_engine = empty(tmp_path / "new")
    restore(new_engine, new_home, tmp_path / "old.zip")
    run = RunStore(new_engine).get(done)
    assert (run.name, run.owner, run.settings, len(run.stages)) == ("Ada's ü", "local", {"start_s": 1.5}, 3)


def test_nothing_that_is_there_is_overwritten(tmp_path):
    home, engine, store, done, _ = filled(tmp_path / "old")
    back_up(engine, home, tmp_path / "site.zip")
    with pytest.raises(BadInputError, match="exists"):
        back_up(engine, home, tmp_path / "site.zip")
    with pytest.raises(BadInputError, match="empty home"):
        restore(engine, home, tmp_path / "site.zip")
    with pytest.raises(BadInputError, match="empty database"):
        restore(engine, Home(tmp_path / "other"), tmp_path / "site.zip")
    assert not (tmp_path / "other" / "runs").exists()
    assert store.get(done).name == "Ada's ü"


def damaged(path, tmp_path, change):
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(tmp_path / "bad.zip", "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
        change(target)
    return tmp_path / "bad.zip"


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "runs/../evil", "runs/aaaaaaaaaaaaaaaa/../../evil", "evil", "runs/x/y"]
)
def test_a_backup_leads_nowhere_else(tmp_path, name):
    home, engine, *_ = filled(tmp_path / "old")
    back_up(engine, home, tmp_path / "site.zip")
    bad = damaged(tmp_path / "site.zip", tmp_path, lambda archive: archive.writestr(name, "x"))
    new_home, new_engine = empty(tmp_path / "new")
    with pytest.raises(BadInputError, match="no backup has"):
        restore(new_engine, new_home, bad)
    assert not (tmp_path / "evil").exists()
    assert not (new_home.root / "runs").exists()


def test_a_damaged_or_strange_file_restores_nothing(tmp_path):
    home, engine, *_ = filled(tmp_path / "old")
    back_up(engine, home, tmp_path / "site.zip")
    content = (tmp_path / "site.zip").read_bytes()
    flipped = content.replace(bytes(range(256)), bytes(range(255)) + b"x")
    record = json.dumps({"format": 1, "revision": "9999", "tables": {"runs": [], "run_stages": []}})
    with zipfile.ZipFile(tmp_path / "newer.zip", "w") as archive:
        archive.writestr(RECORD, record)
    (tmp_path / "flipped.zip").write_bytes(flipped)
    (tmp_path / "half.zip").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.zip").write_text("no zip")
    words = {"flipped": "damaged", "half": "no zip", "text": "no zip", "newer": "newer version"}
    for file, word in words.items():
        new_home, new_engine = empty(tmp_path / f"new-{file}")
        with pytest.raises(BadInputError, match=word):
            restore(new_engine, new_home, tmp_path / f"{file}.zip")
        assert not (new_home.root / "runs").exists()
        assert "runs" not in sa.inspect(new_engine).get_table_names()


def test_orphans_are_found_and_what_is_in_use_or_strange_is_left(tmp_path):
    home, engine, _, done, half = filled(tmp_path)
    lost = home.run(new_run_id()).root
    hidden = home.run(done).root / "person-0" / ".hmr.4711.npz"
    opening = tmp_path / "runs" / ".bundle-x"
    orphans = [
        lost / "clip.mp4",
        opening / "clip.mp4",
        home.uploads / "tmpx" / "a.mp4",
        hidden,
        tmp_path / "restoring-x" / "runs" / "y",
    ]
    others = [
        tmp_path / "runs" / "my notes" / "a.txt",
        home.run(half).root / ".clip.4711.mp4",
        tmp_path / "models" / "m",
    ]
    for path in orphans + others:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)
    assert find_orphans(engine, home) == []  # all of it is fresh
    found = find_orphans(engine, home, now=time.time() + 7200)
    assert {o.path for o in found} == {lost, opening, home.uploads / "tmpx", hidden, tmp_path / "restoring-x"}
    assert [o.bytes for o in found] == [1000] * 5
    for orphan in found:
        orphan.remove()
    assert find_orphans(engine, home, now=time.time() + 7200) == []
    assert all(path.exists() for path in others)
    assert (home.run(done).root / "person-0" / "hmr.npz").exists()


def test_the_record_names_the_schema(tmp_path):
    home, engine, *_ = filled(tmp_path / "old")
    back_up(engine, home, tmp_path / "site.zip")
    with zipfile.ZipFile(tmp_path / "site.zip") as archive:
        assert json.loads(archive.read(RECORD))["revision"] == newest_revision()
    with pytest.raises(RunNotFoundError):
        RunStore(engine).get("b" * 16)
