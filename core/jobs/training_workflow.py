"""The durable workflow of a training: one step trains, one writes the policy's files.

The training itself is a process of its own (`core.jobs.stage_process`) that leaves checkpoints. When it, its worker or
the machine dies, it goes on from the last one; what was learned since is lost, and nothing else. It runs at a lower
priority than the stages of runs, which are short and somebody waits for.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from dbos import DBOS

from core.errors import CancelledError, UnderstudyError
from core.jobs.patience import patiently, unless_away
from core.jobs.policy_facts import note_facts, policy_facts
from core.jobs.run_log import current_run
from core.jobs.stage_files import moved
from core.jobs.stage_process import StageProcess
from core.jobs.stopping import WorkerStoppingError
from core.jobs.training_look import Look, throttled, written
from core.jobs.trainings import TrainingRecord, TrainingStore
from core.jobs.workflow import BROKE_OFF, SILENCE_S, WorkerContext, current_context, is_latest_try
from core.progress import silent
from core.run_folder import RunFolder
from core.training_folder import WORK, is_finished, performance_file, training_folder

_log = logging.getLogger(__name__)

TRAINING_WORKFLOW = "perform_training"
STAGES_MODULE = "core.training_stages"
NICENESS = 10
MOST_DEATHS = 3
"""A training whose process dies so often in a row without a new checkpoint is given up."""
CRASHED = "Something went wrong in the training that is not your doing. The details are in the run's log on the server."
GONE = "The training's process ended unexpectedly again and again, perhaps for want of memory. Resume it later."
HUNG = "The training did nothing for half an hour and was ended. Resume it to go on from its last checkpoint."


@DBOS.workflow(name=TRAINING_WORKFLOW)
def perform_training(training_id: str) -> dict[str, Any]:
    """Train, and write down how it ended."""
    context = current_context()
    store = TrainingStore(context.store.engine)
    with _active(context, store, training_id):
        if not DBOS.run_step({"name": "begin"}, _begin, store, training_id):
            return {"state": "stopped", "error": None}
        training = patiently(store.called, training_id)
        if training is None:
            return {"state": "stopped", "error": None}
        run = context.home.run(training.run_id)
        folder = training_folder(run, training.person, training_id)
        log = context.home.log(training.run_id)
        process = StageProcess(STAGES_MODULE, folder.root, training.settings, log, NICENESS)
        with context.computing(process):
            ending = DBOS.run_step({"name": "train"}, _train, context, store, process, folder, training)
            if ending["state"] != "failed":
                ending = DBOS.run_step({"name": "files"}, _write_files, context, store, process, training, ending)
        DBOS.run_step({"name": "finish"}, lambda: _finish(context, store, training, ending))
        return ending


@contextmanager
def _active(context: WorkerContext, store: TrainingStore, training_id: str) -> Iterator[None]:
    context.active.add(training_id)
    token = current_run.set(training_id)
    try:
        yield
    except Exception:
        _log.exception("Training %s broke off", training_id)
        patiently(store.end, training_id, "failed", BROKE_OFF)
        raise
    finally:
        current_run.reset(token)
        context.active.discard(training_id)


def _begin(store: TrainingStore, training_id: str) -> bool:
    return patiently(is_latest_try) and patiently(store.begin, training_id)


def _train(
    context: WorkerContext, store: TrainingStore, process: StageProcess, folder: RunFolder, training: TrainingRecord
) -> dict[str, str | None]:
    work = folder.root / WORK
    deaths, checkpoint = 0, written(work)
    home, files = context.home, partial(context.home.push, training.run_id, training.id)
    note = partial(_note_facts, store, folder, training)
    performance = performance_file(RunFolder(folder.root.parents[2]), training.person, training.id)
    if trouble := moved(lambda: home.pull(training.run_id), _stop_with(context)):
        return {"state": "failed", "error": trouble}
    while True:
        look = Look(context, store, training.id, work, performance, files, note)
        try:
            answer = process.run("train", throttled(store, training.id), look, SILENCE_S)
        except CancelledError:  # it took too long over its last checkpoint
            process.end()
            answer = {"event": "done", "message": ""}
        if answer["event"] != "gone" or look.asked:
            break
        if context.stopping.is_set():
            raise WorkerStoppingError
        process.end()
        deaths, checkpoint = (deaths + 1 if checkpoint == written(work) else 1), written(work)
        _log.warning("Training %s: its process ended, and goes on from its checkpoint (%d)", training.id, deaths)
        if deaths >= MOST_DEATHS:
            break
    if look.asked == "worker":
        look.save()
        raise WorkerStoppingError
    if look.asked == "person" and not is_finished(folder, training.settings["training"]):
        patiently(store.end, training.id, "stopped")  # at once: the files come after
        ending: dict[str, str | None] = {"state": "stopped", "error": None}
    else:
        ending = _ending(answer)
    if (trouble := moved(files, _stop_with(context))) and ending["state"] == "done":
        return {"state": "failed", "error": trouble}
    return ending


def _ending(answer: dict[str, Any]) -> dict[str, str | None]:
    if answer["event"] in ("done", "skipped"):
        return {"state": "done", "error": None}
    _log.warning("A training failed (%s): %s", answer["event"], answer["message"])
    sentences = {"failed": answer["message"], "crashed": CRASHED, "gone": GONE, "hung": HUNG}
    return {"state": "failed", "error": sentences[answer["event"]]}


def _write_files(
    context: WorkerContext,
    store: TrainingStore,
    process: StageProcess,
    training: TrainingRecord,
    ending: dict[str, str | None],
) -> dict[str, str | None]:
    look, run_id = _stop_with(context), training.run_id
    if trouble := moved(lambda: context.home.pull(run_id), look):
        return {"state": "failed", "error": trouble}
    with unless_away():
        store.progress(training.id, 1.0, "Writing the policy's files")
    answer = process.run("files", silent, look, SILENCE_S)
    if answer["event"] == "gone":
        process.end()
        answer = process.run("files", silent, look, SILENCE_S)
    files = _ending(answer)
    if trouble := moved(lambda: context.home.push(run_id, training.id), look):
        files = {"state": "failed", "error": trouble}
    return files if files["state"] == "failed" and ending["state"] == "done" else ending


def _stop_with(context: WorkerContext) -> Callable[[], None]:
    def look() -> None:
        if context.stopping.is_set():
            raise WorkerStoppingError

    return look


def _finish(
    context: WorkerContext, store: TrainingStore, training: TrainingRecord, ending: dict[str, str | None]
) -> None:
    state = ending["state"]
    assert state is not None
    _push_added(context, training)
    folder = training_folder(context.home.run(training.run_id), training.person, training.id)
    patiently(_note_facts, store, folder, training)
    if state != "stopped":  # which was said at once; it may be queued again by now
        patiently(store.end, training.id, state, ending["error"])
    _log.info("The training is %s", state)


def _note_facts(store: TrainingStore, folder: RunFolder, training: TrainingRecord) -> None:
    """Tell lists how the policy does by now."""
    if not folder.root.is_dir():  # it could not be fetched
        return
    try:
        facts = policy_facts(RunFolder(folder.root.parents[2]), training.person, training.id)
    except (UnderstudyError, OSError) as error:
        _log.warning("How the policy of training %s does cannot be read: %s", training.id, error)
        return
    note_facts(store.engine, training.id, facts)


def _push_added(context: WorkerContext, training: TrainingRecord) -> None:
    """Take what a training added to the run's own log to where others look, unless a worker is at the run, whose it is
    then."""
    try:
        if patiently(context.store.get, training.run_id, deleted=True).is_finished:
            context.home.push(training.run_id)
    except (UnderstudyError, OSError) as error:
        _log.warning("The log of training %s is on this machine alone: %s", training.id, error)
