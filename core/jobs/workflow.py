"""The durable workflow of a run: one DBOS step per stage.

What a step returned is remembered in the database. When a worker dies, the next one of its name is given the run again,
skips the steps that ended, and repeats the one that was broken off; stages write their files atomically and may be
repeated at any time. Steps hand on small JSON only; everything else lies in the run's folder.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dbos import DBOS

from core.errors import CancelledError
from core.jobs.home import Home
from core.jobs.patience import patiently, unless_away
from core.jobs.run_log import current_run
from core.jobs.stage_files import moved
from core.jobs.stage_process import StageProcess
from core.jobs.stopping import WorkerStoppingError
from core.jobs.store import RunStore
from core.run_folder import read_json
from core.run_settings import FETCH

_log = logging.getLogger(__name__)

APPLICATION = "understudy"
APPLICATION_VERSION = "1"
"""Raised only when workflows begun before could not be continued by the new code."""
WORKFLOW = "perform_run"

CRASHED = "Something went wrong in “{title}” that is not your doing. The details are in the run's log on the server."
GONE = "“{title}” ended unexpectedly, perhaps for want of memory. Try a shorter window, or look into the run's log."
BROKE_OFF = "The run broke off for a reason within the site. Try it again."
HUNG = "“{title}” did nothing for half an hour and was ended. Try it again, or look into the run's log."
SILENCE_S = 1800.0
"""A stage that reports nothing for so long [s] has hung; those that work report every few seconds."""
_WRITES_PER_SECOND = 3


@dataclass
class WorkerContext:
    """What the workflows of this process work with; there is one per process, as there is one DBOS."""

    store: RunStore
    home: Home
    pipeline: str
    """The module that has STAGES, RunSettings, applies and run_stage."""
    stopping: threading.Event = field(default_factory=threading.Event)
    active: set[str] = field(default_factory=set)
    processes: set[StageProcess] = field(default_factory=set)
    """What computes for them now."""

    @contextmanager
    def computing(self, process: StageProcess) -> Iterator[StageProcess]:
        """Let a process work, so that `break_off` knows of it, and end it."""
        self.processes.add(process)
        try:
            with process:
                yield process
        finally:
            self.processes.discard(process)

    def break_off(self) -> None:
        """End what is computing, also where the thread that watches it waits for the database."""
        self.stopping.set()
        for process in list(self.processes):
            process.end()


_context: WorkerContext | None = None


def workflow_id(run_id: str, again: str = "") -> str:
    """The workflow's id for a run's first try, or for a later one that `again` tells from the others."""
    return f"{run_id}-{again}" if again else run_id


def run_of(workflow_id: str) -> str:
    """The run that a workflow performs."""
    return workflow_id.partition("-")[0]


def set_context(context: WorkerContext | None) -> None:
    """Name what the workflows of this process work with, before DBOS is launched."""
    global _context
    _context = context


def current_context() -> WorkerContext:
    """What the workflows of this process work with."""
    if _context is None:
        raise RuntimeError("A worker should name its context before it takes runs, but did not.")
    return _context


@DBOS.workflow(name=WORKFLOW)
def perform_run(run_id: str) -> dict[str, Any]:
    """Run every stage of a run in order and write down how it ended."""
    context = current_context()
    with _active(context, run_id):
        stages: list[list[str]] | None = DBOS.run_step({"name": "begin"}, _begin, context, run_id)
        if stages is None:
            return {"state": "cancelled", "error": None}
        ending: dict[str, Any] = {"state": "done", "error": None}
        record = patiently(context.store.get, run_id, deleted=True)
        folder, log = context.home.run(run_id).root, context.home.log(run_id)
        with context.computing(StageProcess(context.pipeline, folder, record.settings, log)) as process:
            for name, title in stages:
                outcome = DBOS.run_step({"name": name}, _perform_stage, context, process, run_id, name, title)
                if outcome["state"] not in ("done", "skipped"):
                    ending = outcome
                    break
        DBOS.run_step({"name": "finish"}, _finish, context, run_id, ending["state"], ending["error"])
        return ending


@contextmanager
def _active(context: WorkerContext, run_id: str) -> Iterator[None]:
    context.active.add(run_id)
    token = current_run.set(run_id)
    try:
        yield
    except Exception:
        _log.exception("Run %s broke off", run_id)
        patiently(context.store.finish, run_id, "failed", BROKE_OFF)
        raise
    finally:
        current_run.reset(token)
        context.active.discard(run_id)


def is_latest_try() -> bool:
    """Whether this is the latest workflow of its run or training; asked within a step of it.

    It is not where the run was cancelled while it waited, and queued again before its turn came: then two wait.
    """
    mine = DBOS.workflow_id
    assert mine is not None
    tries = DBOS.list_workflows(
        workflow_id_prefix=run_of(mine), sort_desc=True, limit=1, load_input=False, load_output=False
    )
    return not tries or tries[0].workflow_id == mine


def _begin(context: WorkerContext, run_id: str) -> list[list[str]] | None:
    """The stages that are to be done: all that the run was created with, or those left by an earlier try.

    None where it was cancelled while it waited; a later try may be in the queue then.
    """
    if not patiently(is_latest_try) or not patiently(context.store.begin, run_id):
        return None
    stages = patiently(context.store.get, run_id, deleted=True).stages
    return [[stage.name, stage.title] for stage in stages if stage.state not in ("done", "skipped")]


def _finish(context: WorkerContext, run_id: str, state: str, error: str | None) -> None:
    patiently(context.store.finish, run_id, state, error)
    _log.info("The run is %s", state)
    context.home.make_room()


def _perform_stage(
    context: WorkerContext, process: StageProcess, run_id: str, name: str, title: str
) -> dict[str, str | None]:
    store = context.store
    started = time.monotonic()
    patiently(store.stage_started, run_id, name)
    try:
        progress, look = _throttled_progress(store, run_id, name), _look_for_end(context, run_id)
        trouble = moved(lambda: context.home.pull(run_id), look)
        answer = {"event": "failed", "message": trouble} if trouble else process.run(name, progress, look, SILENCE_S)
        if answer["event"] == "gone":  # killed, perhaps for want of memory that is there again
            _log.warning("Run %s: the process ended in %s, which is begun once more", run_id, name)
            process.end()
            answer = process.run(name, progress, look, SILENCE_S)
        if answer["event"] != "skipped" and not trouble:  # also of one that failed: its log
            trouble = moved(lambda: context.home.push(run_id), look)
            answer = {"event": "failed", "message": trouble} if trouble and answer["event"] == "done" else answer
    except CancelledError:
        return {"state": "cancelled", "error": None}
    event = answer["event"]
    _log.info("%s: %s after %.1f s", name, event, time.monotonic() - started)
    if event in ("done", "skipped"):
        patiently(store.stage_finished, run_id, name, event)
        if name == FETCH:
            _take_title(context, run_id)
        return {"state": event, "error": None}
    patiently(store.stage_finished, run_id, name, "failed")
    _log.warning("Run %s failed in %s (%s): %s", run_id, name, event, answer["message"])
    sentences = {"failed": answer["message"], "crashed": CRASHED, "gone": GONE, "hung": HUNG}
    return {"state": "failed", "error": sentences[event].replace("{title}", title)}


def _take_title(context: WorkerContext, run_id: str) -> None:
    """Call a run by its video's title, unless somebody gave it a name while the video was fetched."""
    run = context.store.get(run_id, deleted=True)
    title = read_json(context.home.run(run_id).record).get("source", {}).get("title")
    if title and run.name == run.source_name:
        context.store.rename(run_id, title)


def _throttled_progress(store: RunStore, run_id: str, stage: str) -> Callable[[float, str], None]:
    last = 0.0

    def progress(fraction: float, message: str = "") -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= 1 / _WRITES_PER_SECOND:
            last = now
            with unless_away():
                store.stage_progress(run_id, stage, fraction, message)

    return progress


def _look_for_end(context: WorkerContext, run_id: str) -> Callable[[], None]:
    def look() -> None:
        if context.stopping.is_set():
            raise WorkerStoppingError
        cancelled = False
        with unless_away():
            cancelled = context.store.cancel_requested(run_id)
        if cancelled:
            raise CancelledError("The run was cancelled.")

    return look
