"""What goes wrong in a stage or around it ends that run with a clear word, or is waited out; other runs go on."""

import sqlite3
import time
from pathlib import Path

import pytest
from jobs_kit import calls, enqueue, make_home, wait_for, wait_until_finished

from core.jobs import database, workflow
from core.jobs.worker import Worker, make_client

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A worker on a database that is not waited for long, so that it is soon found locked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(HERE))
        patch.setattr(database, "_BUSY_TIMEOUT_MS", 200)
        home, engine, store = make_home(tmp_path_factory.mktemp("home"))
        with Worker(engine, home, pipeline="fake_pipeline", poll_s=0.05):
            client = make_client(engine)
            yield home, store, client
            client.destroy()


@pytest.mark.parametrize(
    ("behaviour", "tries", "word"),
    [
        ("segfault", 2, "ended unexpectedly"),
        ("killed", 2, "ended unexpectedly"),
        ("no memory", 1, "memory does not suffice"),
        ("disk full", 1, "disk is full"),
    ],
)
def test_a_mishap_ends_the_run_with_a_word_and_the_next_run_goes_on(site, behaviour, tries, word):
    home, store, client = site
    bad, good = enqueue(client, home, store, behaviour=behaviour), enqueue(client, home, store)
    run = wait_until_finished(store, bad)
    assert (run.state, [stage.state for stage in run.stages]) == ("failed", ["done", "failed", "waiting"])
    assert word in run.error
    assert calls(home, bad) == ["clip", *tries * ["middle"]]
    assert wait_until_finished(store, good).state == "done"


def test_what_memory_was_short_for_once_is_done_at_the_second_try(site):
    home, store, client = site
    run = enqueue(client, home, store, behaviour="killed once")
    assert wait_until_finished(store, run).state == "done"
    assert calls(home, run) == ["clip", "middle", "middle", "physics"]


def test_a_stage_that_hangs_is_ended_and_the_next_run_goes_on(site, monkeypatch):
    home, store, client = site
    monkeypatch.setattr(workflow, "SILENCE_S", 4.0)  # a process needs some of it to start
    bad = enqueue(client, home, store, behaviour="stuck")
    run = wait_until_finished(store, bad)
    monkeypatch.undo()
    assert run.state == "failed"
    assert "did nothing for half an hour" in run.error
    assert wait_until_finished(store, enqueue(client, home, store)).state == "done"


def test_a_locked_database_is_waited_out(site, tmp_path):
    home, store, client = site
    run, go = enqueue(client, home, store, behaviour=f"until {tmp_path / 'go'}"), tmp_path / "go"
    wait_for(lambda: calls(home, run) == ["clip", "middle"])
    other = sqlite3.connect(home.root / "understudy.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    go.touch()
    wait_for(lambda: home.run(run).metrics.exists())
    time.sleep(1.5)  # long enough for several tries
    assert calls(home, run) == ["clip", "middle"]
    other.execute("COMMIT")
    other.close()
    assert wait_until_finished(store, run, 60).state == "done"
    assert calls(home, run) == ["clip", "middle", "physics"]
