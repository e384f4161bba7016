"""The child process of a run: a full disk, no memory, a stage that hangs, the lock on the folder."""

import errno
import fcntl
import signal
import threading
from pathlib import Path

import pytest
from jobs_kit import wait_for

from core.jobs.stage_process import StageProcess
from core.jobs.stage_server import DISK_FULL, NO_MEMORY, _as_event
from core.jobs.workflow import WorkerContext

HERE = Path(__file__).parent


@pytest.fixture
def process(tmp_path, monkeypatch):
    """A process over the fake pipeline whose second stage never reports."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    with StageProcess("fake_pipeline", tmp_path / "run", {"behaviour": "stuck"}, tmp_path / "log.txt") as process:
        yield process


def test_a_full_disk_and_no_memory_are_told_in_a_sentence():
    for number in (errno.ENOSPC, errno.EDQUOT):
        assert _as_event(OSError(number, "x")) == {"event": "failed", "message": DISK_FULL}
    assert _as_event(MemoryError()) == {"event": "failed", "message": NO_MEMORY}
    assert _as_event(OSError(errno.EACCES, "x"))["event"] == "crashed"


def test_a_stage_that_hangs_is_noticed_and_another_process_takes_its_place(process):
    answer = process.run("middle", lambda fraction, message: None, lambda: None, silence_s=6.0)
    assert answer["event"] == "hung"
    process.end()
    assert process.run("physics", lambda fraction, message: None, lambda: None)["event"] == "done"


def test_what_computes_ends_with_its_worker_also_while_the_database_hangs(process):
    context, looks, released = WorkerContext(None, None, "fake_pipeline"), [], threading.Event()

    def look():
        looks.append(1)
        if len(looks) > 1:
            released.wait(60)

    stage = threading.Thread(target=process.run, args=("middle", lambda fraction, message: None, look))
    with context.computing(process):
        stage.start()
        wait_for(lambda: len(looks) > 1)
        child = process._process
        context.break_off()
        assert child.wait(timeout=30) == -signal.SIGKILL
        assert context.stopping.is_set()
        released.set()
        stage.join(timeout=30)
    assert context.processes == set()


def test_nothing_is_computed_while_another_process_holds_the_folder(process, tmp_path):
    (tmp_path / "run").mkdir()
    answers = []
    with (tmp_path / "run" / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stage = threading.Thread(
            target=lambda: answers.append(process.run("physics", lambda fraction, message: None, lambda: None))
        )
        stage.start()
        stage.join(timeout=3)
        assert stage.is_alive()
        assert not (tmp_path / "run" / "calls.txt").exists()
    stage.join(timeout=60)
    assert [answer["event"] for answer in answers] == ["done"]
