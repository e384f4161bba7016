"""Signs of life: names, two machines, a worker declared dead, one that finds its name taken."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from jobs_kit import make_home, wait_for

from core.errors import UnderstudyError
from core.jobs import heartbeat
from core.jobs.heartbeat import Heartbeat, WorkerNameTakenError, declare_dead, list_workers
from core.jobs.tables import WorkerSign


@pytest.fixture
def engine(tmp_path):
    return make_home(tmp_path)[1]


def long_ago(engine, name, seconds=120.0):
    with engine.begin() as connection:
        then = datetime.now(UTC) - timedelta(seconds=seconds)
        connection.execute(sa.update(WorkerSign).where(WorkerSign.name == name).values(beat=then))


def test_a_worker_gives_signs_until_it_stops(engine):
    beat = Heartbeat(engine, "one", lambda reason: None, every_s=0.02)
    beat.claim()
    long_ago(engine, "one")
    assert list_workers(engine)[0].state == "silent"
    beat.start()
    wait_for(lambda: list_workers(engine)[0].state == "alive")
    assert beat.stop()
    (worker,) = list_workers(engine)
    assert (worker.name, worker.state) == ("one", "stopped")


def test_a_name_is_not_taken_from_a_live_worker_elsewhere(engine, monkeypatch):
    monkeypatch.setattr(heartbeat.socket, "gethostname", lambda: "elsewhere")
    Heartbeat(engine, "one", lambda reason: None).claim()
    monkeypatch.undo()
    with pytest.raises(WorkerNameTakenError, match="elsewhere"):
        Heartbeat(engine, "one", lambda reason: None).claim()
    long_ago(engine, "one")
    Heartbeat(engine, "one", lambda reason: None).claim()


def test_only_the_silent_are_declared_dead_and_notice_it_when_they_come_back(engine):
    lost, reasons = threading.Event(), []
    beat = Heartbeat(engine, "one", lambda reason: (reasons.append(reason), lost.set()), every_s=0.02)
    beat.claim()
    with pytest.raises(UnderstudyError, match="sign of life"):
        declare_dead(engine, "one")
    with pytest.raises(UnderstudyError, match=r"known \(one\)"):
        declare_dead(engine, "two")
    long_ago(engine, "one")
    declare_dead(engine, "one")
    beat.start()
    assert lost.wait(10)
    assert "name" in reasons[0]
    assert not beat.stop()


def test_a_database_that_hangs_is_given_up_too(engine, monkeypatch):
    monkeypatch.setattr(heartbeat, "DEAD_AFTER_S", 0.4)
    lost, reasons, released = threading.Event(), [], threading.Event()
    beat = Heartbeat(engine, "one", lambda reason: (reasons.append(reason), lost.set()), every_s=0.02)
    beat.claim()
    monkeypatch.setattr(beat, "_write", lambda **values: released.wait(60))
    beat.start()
    assert lost.wait(10)
    released.set()
    assert "not reached the database" in reasons[0]
    beat.stop()
    assert len(reasons) == 1


def test_a_worker_that_is_cut_off_gives_up_before_it_can_be_declared_dead(engine, monkeypatch):
    monkeypatch.setattr(heartbeat, "DEAD_AFTER_S", 0.2)
    lost = threading.Event()
    beat = Heartbeat(engine, "one", lambda reason: lost.set(), every_s=0.02)
    beat.claim()
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE workers RENAME TO hidden")
    beat.start()
    assert lost.wait(10)
    assert not beat.stop()
