"""Runs through the worker: done, refused, broken, cancelled, killed and continued."""

import os
import signal
import subprocess
from pathlib import Path

import fake_pipeline
import pytest
from jobs_kit import calls, enqueue, make_home, wait_for, wait_until_finished
from support.worker_processes import worker_processes

from core.jobs.submit import Submission
from core.jobs.worker import Worker, WorkerNameTakenError, make_client, prepare_queue

HERE = Path(__file__).parent


@pytest.fixture(scope="module", autouse=True)
def _importable_fake():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(HERE))
        yield


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A home with a worker and a client."""
    home, engine, store = make_home(tmp_path_factory.mktemp("home"))
    with Worker(engine, home, pipeline="fake_pipeline", poll_s=0.05):
        client = make_client(engine)
        yield home, store, client
        client.destroy()


def test_a_run_goes_through_its_stages(site):
    home, store, client = site
    run_id = enqueue(client, home, store, physics="none")
    run = wait_until_finished(store, run_id)
    assert (run.state, run.error) == ("done", None)
    assert [s.state for s in run.stages] == ["done", "done", "skipped"]
    assert [s.fraction for s in run.stages] == [1.0, 1.0, 1.0]
    assert calls(home, run_id) == ["clip", "middle"]
    assert run.started is not None
    assert run.finished >= run.started
    # What a library printed went into the log, not between the answers.
    assert "a library prints" in home.log(run_id).read_text()


def test_an_error_meant_for_the_person_is_shown_and_ends_the_run(site):
    home, store, client = site
    run = wait_until_finished(store, enqueue(client, home, store, behaviour="refuse"))
    assert run.state == "failed"
    assert run.error == "A person should be in the window, but nobody was found. Choose another window."
    assert [s.state for s in run.stages] == ["done", "failed", "waiting"]


def test_a_bug_is_a_plain_sentence_and_its_traceback_stays_in_the_log(site):
    home, store, client = site
    run = wait_until_finished(store, enqueue(client, home, store, behaviour="bug"))
    assert run.state == "failed"
    assert "Do the work" in run.error
    assert "secret detail" not in run.error
    log = home.log(run.id).read_text()
    assert "ZeroDivisionError: secret detail" in log
    assert "Traceback" in log


def test_a_crash_of_the_process_ends_the_run_and_not_the_worker(site):
    home, store, client = site
    run = wait_until_finished(store, enqueue(client, home, store, behaviour="segfault"))
    assert run.state == "failed"
    assert "ended unexpectedly" in run.error
    assert wait_until_finished(store, enqueue(client, home, store)).state == "done"


@pytest.mark.parametrize("behaviour", ["slow", "stuck"])
def test_a_running_run_is_cancelled_also_while_it_reports_nothing(site, behaviour):
    home, store, client = site
    run_id = enqueue(client, home, store, behaviour=behaviour)
    wait_for(lambda: store.get(run_id).stages[1].fraction == 0.5 or "middle" in calls(home, run_id))
    store.request_cancel(run_id)
    run = wait_until_finished(store, run_id, seconds=10)
    assert (run.state, run.error) == ("cancelled", None)
    assert [s.state for s in run.stages] == ["done", "waiting", "waiting"]


def test_a_waiting_run_is_cancelled_at_once_and_never_begun(site):
    home, store, client = site
    first = enqueue(client, home, store, behaviour="stuck")
    wait_for(lambda: "middle" in calls(home, first))
    second = enqueue(client, home, store)
    assert store.request_cancel(second).state == "cancelled"
    third = enqueue(client, home, store)
    assert calls(home, third) == []  # one at a time
    store.request_cancel(first)
    assert wait_until_finished(store, third).state == "done"
    assert calls(home, second) == []
    assert store.get(second).state == "cancelled"


def test_a_run_that_is_cancelled_and_tried_again_while_it_waits_is_performed_by_one_of_its_two_tries(site):
    home, store, client = site
    first = enqueue(client, home, store, behaviour="stuck")
    wait_for(lambda: "middle" in calls(home, first))
    run_id = enqueue(client, home, store)
    store.request_cancel(run_id)
    Submission(store, home, client, fake_pipeline).retry(run_id)
    store.request_cancel(first)
    assert wait_until_finished(store, run_id).state == "done"
    tries = wait_for(lambda: (t := client.list_workflows(workflow_id_prefix=run_id)) and all(e.output for e in t) and t)
    assert [each.output["state"] for each in tries] == ["cancelled", "done"]
    assert calls(home, run_id) == ["clip", "middle", "physics"]


def test_progress_reaches_the_store(site):
    home, store, client = site
    run_id = enqueue(client, home, store, behaviour="slow")
    stage = wait_for(lambda: (s := store.get(run_id).stages[1]).message.startswith("step") and s)
    assert stage.state == "running"
    assert 0 <= stage.fraction < 1
    store.request_cancel(run_id)
    wait_until_finished(store, run_id)


def test_nothing_is_pickled(site):
    home, store, client = site
    run_id = enqueue(client, home, store)
    wait_until_finished(store, run_id)
    with store.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT serialization FROM operation_outputs").scalars().all()
    assert set(rows) == {"portable_json"}


def test_two_workers_of_one_name_are_refused(site):
    home, store, _ = site
    with pytest.raises(WorkerNameTakenError, match=str(os.getpid())):
        Worker(store.engine, home, pipeline="fake_pipeline").take_name()


WORKER = """
import sys, time
from pathlib import Path
from core.jobs.database import make_engine
from core.jobs.home import Home
from core.jobs.worker import Worker
home = Home(Path(sys.argv[1]))
Worker(make_engine(home.database_url), home, "other", "fake_pipeline", poll_s=0.05).start()
print("up", flush=True)
time.sleep(120)
"""


@pytest.fixture
def start_worker():
    with worker_processes(WORKER) as start:
        yield start


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _children(pid: int) -> list[int]:
    return [int(c) for t in Path(f"/proc/{pid}/task").iterdir() for c in (t / "children").read_text().split()]


def test_a_killed_worker_is_continued_without_repeating_what_ended(tmp_path, start_worker):
    home, engine, store = make_home(tmp_path)
    prepare_queue(engine)
    client = make_client(engine)
    first = start_worker(tmp_path)
    try:
        run_id = enqueue(client, home, store, behaviour="slow at first")
        wait_for(lambda: calls(home, run_id) == ["clip", "middle"])
        children = _children(first.pid)
        assert len(children) == 1
        first.send_signal(signal.SIGKILL)
        first.wait()
        wait_for(lambda: not _alive(children[0]))  # a child does not outlive its parent
        assert store.get(run_id).state == "running"
        start_worker(tmp_path)
        run = wait_until_finished(store, run_id)
        assert run.state == "done"
        assert calls(home, run_id) == ["clip", "middle", "middle", "physics"]
    finally:
        client.destroy()


STOP = """
import sys, time
from pathlib import Path
from core.jobs.database import make_engine
from core.jobs.home import Home
from core.jobs.worker import Worker
home = Home(Path(sys.argv[1]))
with Worker(make_engine(home.database_url), home, "other", "fake_pipeline", poll_s=0.05):
    print("up", flush=True)
    sys.stdin.readline()
"""


def test_a_stopped_worker_leaves_its_run_to_be_continued(tmp_path, start_worker):
    home, engine, store = make_home(tmp_path)
    prepare_queue(engine)
    client = make_client(engine)
    try:
        with worker_processes(STOP) as start:
            process = start(tmp_path, stdin=subprocess.PIPE)
            run_id = enqueue(client, home, store, behaviour="slow at first")
            wait_for(lambda: calls(home, run_id) == ["clip", "middle"])
            process.stdin.write(b"\n")
            process.stdin.flush()
            assert process.wait(timeout=30) == 0
        assert store.get(run_id).state == "running"
        start_worker(tmp_path)
        assert wait_until_finished(store, run_id).state == "done"
        assert calls(home, run_id) == ["clip", "middle", "middle", "physics"]
    finally:
        client.destroy()
