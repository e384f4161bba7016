"""A home whose runs lie in an object store: what it keeps, gives up, cleans and backs up."""

import fcntl
import hashlib
import os
import shutil
import time
from pathlib import Path

import pytest
from jobs_kit import make_home
from typer.testing import CliRunner

from core.jobs.backup import back_up, restore
from core.jobs.cleaning import find_orphans
from core.jobs.database import make_engine
from core.jobs.home import Home, new_run_id
from core.jobs.mirrored_home import MirroredHome
from core.jobs.store import RunStore
from webapp.cli import app
from webapp.settings import Settings
from webapp.site import Site

HERE = Path(__file__).parent


@pytest.fixture
def address(tmp_path):
    return f"file://{tmp_path}/store"


def test_the_site_shows_files_that_it_does_not_have_and_keeps_no_more_than_it_may(tmp_path, address):
    far = MirroredHome.at(tmp_path / "far", address)
    near = MirroredHome.at(tmp_path / "near", address, follows=True, cache_bytes=1500.0)
    runs = [new_run_id() for _ in range(3)]
    for run in runs:
        far.run(run).root.mkdir(parents=True)
        (far.run(run).root / "metrics.json").write_bytes(b" " * 1000)
        far.push(run)
    assert near.run_bytes(runs[0]) == 1000  # asked of the store
    kept = near.root / "runs"
    for run in runs:
        assert near.artifact(run, "metrics.json").stat().st_size == 1000
    assert len(list(kept.iterdir())) == 3  # all used just now
    for age, run in enumerate(runs):
        os.utime(kept / run / ".mirror.json", (time.time() - 5000 + age,) * 2)
    near.pull(runs[1])  # nothing new, but somebody is about to work with it
    assert time.time() - (kept / runs[1] / ".mirror.json").stat().st_mtime < 2500
    os.utime(kept / runs[1] / ".mirror.json", (time.time() - 4999,) * 2)
    (kept / runs[0] / "new").write_text("not in the store yet")
    work = kept / runs[2] / "person-0" / "policies" / "1"
    work.mkdir(parents=True)
    with (work / ".lock").open("ab") as lock:  # as a process that trains holds it
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert near.make_room() > 1000
    assert {path.name for path in kept.iterdir()} == {runs[0], runs[2]}
    assert near.make_room() > 1000
    assert [path.name for path in kept.iterdir()] == [runs[0]]
    assert (kept / runs[0] / "new").exists()
    assert near.artifact(runs[1], "metrics.json").is_file()  # fetched once more


def test_deleting_reaches_the_store_and_clean_finds_what_nobody_knows(tmp_path, address, monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))
    settings = Settings(home=tmp_path / "web", artifacts=address, pipeline="fake_pipeline", _env_file=None)
    site = Site(settings)
    site.prepare()
    try:
        store, home = RunStore(site.engine), settings.places
        runs = [store.create(new_run_id(), "a", "a", {}, []).id for _ in range(2)]
        stray = new_run_id()
        for run in (*runs, stray):
            (home.run(run).root / "source").mkdir(parents=True)
            (home.run(run).root / "source" / "a.mp4").write_text(run)
            home.push(run)
        for run in runs:
            store.finish(run, "done")
        store.delete(runs[0])
        with site.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE runs SET deleted = '2020-01-01 00:00:00' WHERE deleted IS NOT NULL")
        site.purge()
        kept = sorted(path.name for path in (tmp_path / "store").iterdir())
        assert kept == sorted([runs[1], stray])
        broken = tmp_path / "store" / runs[1] / "files" / "run"
        (broken / "0123").write_text("of a push that was broken off")
        (broken / hashlib.sha256(b"later").hexdigest()).write_bytes(b"later")
        found = find_orphans(site.engine, home, time.time() + 7200)
        assert sorted(o.why for o in found) == ["files that were never finished", *2 * ["no run has this id"]]
        (home.run(runs[1]).root / "later").write_bytes(b"later")
        home.push(runs[1])  # meanwhile
        for orphan in found:
            orphan.remove()
        assert len(list(broken.iterdir())) == 2
        assert find_orphans(site.engine, home, time.time() + 7200) == []
        assert [path.name for path in (tmp_path / "store").iterdir() if any(path.rglob("*.json"))] == [runs[1]]
        assert find_orphans(site.engine, home) == []
    finally:
        site.close()


def test_a_backup_is_whole_and_is_restored_to_the_store(tmp_path, address):
    _, engine, store = make_home(tmp_path / "web")
    far, web = (MirroredHome.at(tmp_path / name, address) for name in ("far", "web"))
    run = store.create(new_run_id(), "a", "a", {}, []).id
    store.finish(run, "done")
    far.run(run).root.mkdir(parents=True)
    far.run(run).metrics.write_text("{}")
    far.push(run)
    assert back_up(engine, web, tmp_path / "site.zip").files == 1
    shutil.rmtree(tmp_path / "store")
    new = MirroredHome.at(tmp_path / "new", address)
    restore(make_engine(Home(tmp_path / "new").database_url), new, tmp_path / "site.zip")
    far.run(run).metrics.unlink()
    (far.run(run).root / ".mirror.json").unlink()
    far.pull(run)
    assert far.run(run).metrics.read_text() == "{}"


def test_what_was_made_before_there_was_a_store_is_brought_there_once(tmp_path, address):
    run, folder = new_run_id(), tmp_path / "web" / "runs"
    (folder / run).mkdir(parents=True)
    (folder / run / "metrics.json").write_text("{}")
    (folder / "a person's own").mkdir()
    web, far = (MirroredHome.at(tmp_path / name, address, follows=name == "far") for name in ("web", "far"))
    for _ in range(2):
        web.push_missing()
    assert far.run(run).metrics.read_text() == "{}"
    assert web.mirror.runs() == [run]


def test_a_backup_keeps_no_run_that_was_not_here_and_one_that_was(tmp_path, address):
    _, engine, store = make_home(tmp_path / "web")
    far, web = MirroredHome.at(tmp_path / "far", address), MirroredHome.at(tmp_path / "web", address, cache_bytes=1.0)
    here, there, read = (store.create(new_run_id(), "a", "a", {}, []).id for _ in range(3))
    for run in (here, there, read):
        far.run(run).root.mkdir(parents=True)
        far.run(run).metrics.write_text("{}")
        far.push(run)
    web.pull(here)
    assert back_up(engine, web, tmp_path / "site.zip").files == 3
    assert [path.name for path in (tmp_path / "web" / "runs").iterdir()] == [here]
    with web.borrowed(read) as root:
        os.utime(root / ".mirror.json", (time.time() + 5,) * 2)  # as somebody does who looks at it meanwhile
    assert (root / "metrics.json").is_file()


def test_a_damaged_record_is_named_and_the_others_are_cleaned(tmp_path, address, monkeypatch):
    _, _, store = make_home(tmp_path / "web")
    home = MirroredHome.at(tmp_path / "web", address)
    damaged, stray = store.create(new_run_id(), "a", "a", {}, []).id, new_run_id()
    for run in (damaged, stray):
        home.run(run).root.mkdir(parents=True)
        home.run(run).metrics.write_text("{}")
        home.push(run)
    (tmp_path / "store" / damaged / "parts" / "run.json").write_text("{")
    long_ago = time.time() - 7200
    for path in [*(tmp_path / "store").rglob("*"), *(tmp_path / "web" / "runs").rglob("*")]:
        os.utime(path, (long_ago, long_ago))
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "web"))
    monkeypatch.setenv("UNDERSTUDY_ARTIFACTS", address)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["clean", "--yes"])
    assert result.exit_code == 1
    assert f"record of run {damaged} is damaged" in " ".join(result.stderr.split())
    assert not (home.root / "runs" / stray).exists()
    assert home.mirror.store.names(stray) == []
    assert (home.root / "runs" / damaged / "metrics.json").exists()
