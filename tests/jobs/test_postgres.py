"""Two workers on a real PostgreSQL: one killed and recovered, one cut off, one stopped; every run ends once."""

import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from jobs_kit import calls, enqueue, wait_for, wait_until_finished
from support.worker_processes import worker_processes

from core.jobs.backup import back_up, restore
from core.jobs.database import make_engine
from core.jobs.heartbeat import list_workers
from core.jobs.home import Home
from core.jobs.migrate import alembic_config, upgrade
from core.jobs.recovery import recover
from core.jobs.store import RunStore
from core.jobs.tables import WorkerSign
from core.jobs.worker import make_client, prepare_queue
from tools.temporary_postgres import postgres_binaries, running_postgres

HERE = Path(__file__).parent

pytestmark = pytest.mark.skipif(
    postgres_binaries() is None,
    reason="PostgreSQL is not installed here: `make test` installs it where apt may be used, else install postgresql",
)

WORKER = """
import signal, sys, threading
from pathlib import Path
from core.jobs.database import make_engine
from core.jobs.home import Home
from core.jobs.worker import Worker
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored in the background
lost = threading.Event()
def on_lost(reason):
    lost.set()
url, root, name = sys.argv[1:]
with Worker(make_engine(url), Home(Path(root)), name, "fake_pipeline", poll_s=0.05, on_lost=on_lost):
    print("up", flush=True)
    lost.wait(300)
sys.exit(3 if lost.is_set() else 0)
"""


@pytest.fixture(scope="module")
def database():
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="module")
def site(database, tmp_path_factory):
    home, engine = Home(tmp_path_factory.mktemp("home")), make_engine(database)
    assert upgrade(engine) == "created"
    prepare_queue(engine)
    client = make_client(engine)
    yield home, engine, RunStore(engine), client
    client.destroy()
    engine.dispose()


@pytest.fixture
def workers(site, database):
    """Start workers by name; what lives at the end is killed."""
    with worker_processes(WORKER) as start:
        yield lambda name: start(database, site[0].root, name)


def silence(engine, name):
    """Make a worker's last sign look as if it were long ago."""
    with engine.begin() as connection:
        then = datetime.now(UTC) - timedelta(hours=1)
        connection.execute(sa.update(WorkerSign).where(WorkerSign.name == name).values(beat=then))


def test_the_schema_is_the_one_of_the_models(site):
    _, engine, *_ = site
    with engine.begin() as connection:
        command.check(alembic_config(connection))
    assert upgrade(engine) == "up to date"


def test_runs_of_a_killed_worker_are_recovered_and_each_ends_once(site, workers):
    home, engine, store, client = site
    first, _ = workers("first"), workers("second")
    slow = [enqueue(client, home, store, behaviour="slow at first") for _ in range(2)]
    wait_for(lambda: all(calls(home, run) == ["clip", "middle"] for run in slow), 60)
    quick = [enqueue(client, home, store) for _ in range(6)]
    first.send_signal(signal.SIGKILL)
    first.wait()
    silence(engine, "first")
    broken_off = recover(engine, client, "first")
    assert len(broken_off) == 1
    assert broken_off[0] in slow
    other = next(run for run in slow if run not in broken_off)
    store.request_cancel(other)  # frees the second worker
    for run in [*quick, *broken_off]:
        assert wait_until_finished(store, run, 60).state == "done"
    assert calls(home, broken_off[0]) == ["clip", "middle", "middle", "physics"]
    assert wait_until_finished(store, other).state == "cancelled"
    assert all(calls(home, run) == ["clip", "middle", "physics"] for run in quick)


def test_a_worker_that_was_cut_off_finds_its_name_taken_and_ends(site, workers):
    home, engine, store, client = site
    cut_off = workers("cut-off")
    run = enqueue(client, home, store, behaviour="slow at first")
    wait_for(lambda: calls(home, run) == ["clip", "middle"], 60)
    cut_off.send_signal(signal.SIGSTOP)
    silence(engine, "cut-off")
    assert recover(engine, client, "cut-off") == [run]
    workers("fresh")
    wait_for(lambda: store.get(run).state == "running", 60)
    cut_off.send_signal(signal.SIGCONT)
    assert cut_off.wait(timeout=60) == 3
    assert wait_until_finished(store, run, 60).state == "done"
    # The one that came back had its stage broken off; the lock on the folder kept the other waiting until then.
    assert calls(home, run) == ["clip", "middle", "middle", "physics"]
    assert {w.name: w.state for w in list_workers(engine)}["cut-off"] == "stopped"


def test_a_worker_that_stops_hands_its_run_on(site, workers):
    home, _, store, client = site
    stopping = workers("stopping")
    run = enqueue(client, home, store, behaviour="slow at first")
    wait_for(lambda: calls(home, run) == ["clip", "middle"], 60)
    stopping.send_signal(signal.SIGINT)
    stopping.wait(timeout=60)
    workers("next")
    assert wait_until_finished(store, run, 60).state == "done"
    assert calls(home, run) == ["clip", "middle", "middle", "physics"]


def test_a_database_that_is_gone_for_a_while_ends_no_run(site, workers, database, tmp_path):
    home, _, store, client = site
    workers("patient")
    runs = [enqueue(client, home, store, behaviour=f"until {tmp_path / 'go'}"), enqueue(client, home, store)]
    wait_for(lambda: calls(home, runs[0]) == ["clip", "middle"], 60)
    others = sa.create_engine(sa.make_url(database).set(database="template1"), isolation_level="AUTOCOMMIT")
    with others.connect() as outside:
        outside.exec_driver_sql("ALTER DATABASE postgres ALLOW_CONNECTIONS false")
        try:
            cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'postgres'"
            assert outside.exec_driver_sql(cut).scalar() > 0
            with pytest.raises(sa.exc.OperationalError):
                store.get(runs[0])
            (tmp_path / "go").touch()
            wait_for(lambda: home.run(runs[0]).metrics.exists())  # the stage ended meanwhile
            time.sleep(3)
        finally:
            outside.exec_driver_sql("ALTER DATABASE postgres ALLOW_CONNECTIONS true")
    others.dispose()
    for run in runs:
        assert wait_until_finished(store, run, 90).state == "done"
        assert calls(home, run) == ["clip", "middle", "physics"]


def test_a_backup_moves_to_sqlite(site, tmp_path):
    home, engine, store, _ = site
    report = back_up(engine, home, tmp_path / "site.zip")
    assert report.runs == len(store.recent(1000)) > 0
    new = Home(tmp_path / "new")
    new_engine = make_engine(new.database_url)
    restore(new_engine, new, tmp_path / "site.zip")
    moved = RunStore(new_engine)
    assert [moved.get(run.id) for run in store.recent(1000)] == [store.get(run.id) for run in store.recent(1000)]
