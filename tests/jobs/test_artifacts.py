"""Machines without a shared folder: workers with homes of their own on one database and one store of artifacts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from jobs_kit import calls, enqueue, make_home, wait_for, wait_until_finished
from support.worker_processes import worker_processes

from core.errors import UnderstudyError
from core.imitation.ppo.settings import TrainingSettings
from core.jobs.home import Home, new_run_id
from core.jobs.mirrored_home import MirroredHome
from core.jobs.object_store import StoreAwayError
from core.jobs.recovery import recover
from core.jobs.stage_files import moved
from core.jobs.tables import WorkerSign
from core.jobs.training_desk import TrainingDesk
from core.jobs.worker import make_client, prepare_queue
from core.run_figures import read_figures
from core.run_folder import RunFolder
from core.training_folder import WORK, training_folder

HERE = Path(__file__).parent

WORKER = """
import sys, time
from pathlib import Path
from core.jobs.database import make_engine
from core.jobs.mirrored_home import MirroredHome
from core.jobs import training_look, training_workflow
from core.jobs.worker import Worker
training_workflow.STAGES_MODULE, training_look.SAVE_EVERY_S = "fake_training", 0.0
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
    with worker_processes(WORKER) as start:
        yield lambda name: start(Home(tmp_path / "web").database_url, tmp_path / name, address)


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
        wait_for(lambda: web.run(trained) and checkpoint(work) == "4")
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
        assert desk.store.get(trained, training.id).facts["has_files"]
        assert steps(work) == list(range(1, 9))  # it went on from the checkpoint
        assert read_figures(web.run(trained)) == {"0": {f"policy-{training.id}": {"return": 0.5}}}
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


def checkpoint(work):
    path = work / "checkpoint.npz"
    return path.read_text() if path.exists() else ""


def steps(work):
    return [int(line) for line in (work / "steps.txt").read_text().split()]


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
