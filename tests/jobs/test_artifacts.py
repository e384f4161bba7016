"""Machines without a shared folder: workers with homes of their own on one database and one store of artifacts."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from jobs_kit import calls, enqueue, make_home, wait_for, wait_until_finished

from core.errors import UnderstudyError
from core.imitation.ppo.settings import TrainingSettings
from core.jobs.backup import back_up, restore
from core.jobs.cleaning import find_orphans
from core.jobs.database import make_engine
from core.jobs.home import Home, new_run_id
from core.jobs.mirrored_home import MirroredHome
from core.jobs.object_store import StoreAwayError
from core.jobs.recovery import recover
from core.jobs.stage_files import moved
from core.jobs.store import RunStore
from core.jobs.tables import WorkerSign
from core.jobs.training_desk import TrainingDesk
from core.jobs.worker import make_client, prepare_queue
from core.run_folder import RunFolder
from core.training_folder import WORK, training_folder
from webapp.settings import Settings
from webapp.site import Site

HERE = Path(__file__).parent

WORKER = """
import sys, time
from pathlib import Path
from core.jobs.database import make_engine
from core.jobs.mirrored_home import MirroredHome
from core.jobs import training_workflow
from core.jobs.worker import Worker
training_workflow.STAGES_MODULE, training_workflow.SAVE_EVERY_S = "fake_training", 0.0
database, root, store = sys.argv[1:]
home = MirroredHome.at(Path(root), store)
Worker(make_engine(database), home, home.root.name, "fake_pipeline", poll_s=0.05).start()
print("up", flush=True)
time.sleep(120)
"""


@pytest.fixture
def address(tmp_path):
    return f"file://{tmp_path}/store"


@pytest.fixture
def machines(tmp_path, address):
    """Start a worker on a machine of its own, by name; what lives at the end is killed."""
    started = []

    def start(name):
        path = os.pathsep.join([str(HERE.parents[1]), str(HERE)])
        command = [sys.executable, "-c", WORKER, Home(tmp_path / "web").database_url, str(tmp_path / name), address]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path})
        started.append(process)
        assert process.stdout.readline() == b"up\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(autouse=True)
def _importable_fake(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(HERE))


def test_a_machine_goes_on_where_another_one_died(tmp_path, address, machines):
    _, engine, store = make_home(tmp_path / "web")
    web, first_home = MirroredHome.at(tmp_path / "web", address, follows=True), Home(tmp_path / "first")
    prepare_queue(engine)
    client = make_client(engine)
    desk, go = TrainingDesk(store, web, client), tmp_path / "go"
    try:
        trained = add_run(web, store, f"go:{go}")
        run = enqueue(client, web, store, behaviour=f"until {go}")
        training = desk.start(trained, 0, TrainingSettings(seconds=1.0))
        work = training_folder(RunFolder(tmp_path / "web" / "runs" / trained), 0, training.id).root / WORK
        first = machines("first")
        wait_for(lambda: calls(first_home, run) == ["clip", "middle"])
        # What ended, and the latest checkpoint, are to be seen elsewhere.
        wait_for(lambda: calls(web, run) == ["clip"])
        wait_for(lambda: web.run(trained) and (work / "checkpoint.npz").exists() and steps(work)[-1] == 4)
        first.kill()
        first.wait()
        with engine.begin() as connection:
            connection.execute(sa.update(WorkerSign).values(beat=datetime.now(UTC) - timedelta(hours=1)))
        assert sorted(recover(engine, client, "first")) == sorted([run, training.id])
        go.touch()
        machines("second")
        assert wait_until_finished(store, run).state == "done"
        assert wait_for(lambda: (t := desk.store.get(trained, training.id)).is_ended and t).state == "done"
        wait_for(lambda: calls(web, run) == ["clip", "middle", "physics"])  # the clip was not cut again
        assert calls(first_home, run) == ["clip", "middle"]
        assert web.run(run).metrics.is_file()
        assert "a library prints" in web.log(run).read_text()
        wait_for(lambda: web.run(trained) and (work.parent / "card.md").is_file())
        assert steps(work) == list(range(1, 9))  # it went on from the checkpoint
        wait_for(lambda: web.run(trained).metrics.is_file())  # to which the training adds its figures
        assert "the training warns" in web.log(trained).read_text()
    finally:
        client.destroy()


def test_a_run_whose_files_somebody_else_wrote_ends_with_a_word_and_its_worker_goes_on(tmp_path, address, machines):
    _, engine, store = make_home(tmp_path / "web")
    web, first_home, go = MirroredHome.at(tmp_path / "web", address), Home(tmp_path / "first"), tmp_path / "go"
    prepare_queue(engine)
    client = make_client(engine)
    try:
        run, after = enqueue(client, web, store, behaviour=f"until {go}"), enqueue(client, web, store)
        machines("first")
        wait_for(lambda: calls(first_home, run) == ["clip", "middle"])
        web.pull(run)
        (web.run(run).root / "note.txt").write_text("written beside the worker")
        web.push(run)
        go.touch()
        told = wait_until_finished(store, run)
        assert (told.state, "Another machine" in told.error) == ("failed", True)
        assert wait_until_finished(store, after).state == "done"
        assert web.mirror.pull(run) is None
        assert (web.run(run).root / "note.txt").exists()
    finally:
        client.destroy()


def add_run(home, store, name):
    """A finished run with something to learn."""
    run_id = store.create(new_run_id(), name, "a.mp4", {}, []).id
    store.finish(run_id, "done")
    reference = home.run(run_id).person(0) / "reference.txt"
    reference.parent.mkdir(parents=True)
    reference.write_text("a motion")
    home.push(run_id)
    return run_id


def steps(work):
    return [int(line) for line in (work / "steps.txt").read_text().split()]


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


def test_a_store_that_is_away_is_asked_again_and_at_last_told_of(monkeypatch):
    tries = iter([StoreAwayError("away"), StoreAwayError("away"), None])

    def move():
        if (error := next(tries)) is not None:
            raise error

    looks = []
    assert moved(move, lambda: looks.append(1)) is None
    assert looks
    monkeypatch.setattr("core.jobs.stage_files.PATIENCE_S", 0.0)
    assert moved(lambda: (_ for _ in ()).throw(StoreAwayError("away")), lambda: None) == "away"
    assert "disk is full" in moved(lambda: (_ for _ in ()).throw(OSError(28, "no space")), lambda: None)
    with pytest.raises(KeyError):
        moved(lambda: (_ for _ in ()).throw(StoreAwayError("away")) if not looks else {}["x"], lambda: None)
    assert issubclass(StoreAwayError, UnderstudyError)
