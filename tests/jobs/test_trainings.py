"""Trainings through the worker: done, killed, stopped, resumed, queued; real ones, over in seconds."""

import os
import signal
import time
from pathlib import Path

import onnxruntime
import pytest
from jobs_kit import make_home, wait_for
from support.trainings import clip, small

from core.errors import BadInputError, RunNotFoundError
from core.imitation.ppo.checkpoints import load_checkpoint
from core.imitation.ppo.curve import read_curve
from core.jobs.backup import back_up, restore
from core.jobs.database import make_engine
from core.jobs.fairness import TooManyRunsError
from core.jobs.home import Home, new_run_id
from core.jobs.owned import OwnedRuns
from core.jobs.training_desk import TrainingDesk
from core.jobs.trainings import MOST_AT_ONCE, TrainingStore
from core.jobs.worker import Worker, make_client, prepare_queue
from core.motion import Rollout
from core.training_folder import WORK, training_folder

MINUTES = 60.0


def add_run(home, store, owner="ada"):
    """A finished run with a motion of person 0."""
    run_id = store.create(new_run_id(), "Ada walks", "a.mp4", {}, [], owner=owner).id
    store.finish(run_id, "done")
    clip("kick").save(home.run(run_id).person(0) / "reference.txt")
    return run_id


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A desk, over a home with a worker, and a run."""
    home, engine, store = make_home(tmp_path_factory.mktemp("home"))
    with Worker(engine, home, pipeline="core.training_stages", poll_s=0.05):
        client = make_client(engine)
        yield TrainingDesk(store, home, client), add_run(home, store)
        client.destroy()


@pytest.fixture
def idle(tmp_path):
    """A desk without a worker, and a run."""
    home, engine, store = make_home(tmp_path)
    prepare_queue(engine)
    client = make_client(engine)
    yield TrainingDesk(store, home, client), add_run(home, store)
    client.destroy()


def ended(desk, training, seconds=120.0):
    return wait_for(lambda: (now := desk.store.get(training.run_id, training.id)).is_ended and now, seconds)


def work_of(desk, training):
    return training_folder(desk.home.run(training.run_id), training.person, training.id).root / WORK


def samples_of(desk, training):
    return max((line["samples"] for line in read_curve(work_of(desk, training))), default=0)


def trainer_of(desk, training):
    """The process id of the child that trains: whoever holds the folder's lock."""
    inode = (work_of(desk, training).parent / ".lock").stat().st_ino
    locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return next(int(lock[4]) for lock in locks if lock[5].endswith(f":{inode}"))


def test_a_backup_has_the_trainings_which_wait_to_be_resumed(idle, tmp_path):
    desk, run_id = idle  # the first test: there is one worker a process, and `site` has one from the next on
    training = desk.start(run_id, 0, small())
    (work_of(desk, training)).mkdir(parents=True)
    (work_of(desk, training) / "checkpoint.npz").write_bytes(b"learned")
    back_up(desk.store.engine, desk.home, tmp_path / "site.zip")
    home = Home(tmp_path / "new")
    engine = make_engine(home.database_url)
    restore(engine, home, tmp_path / "site.zip")
    with Worker(engine, home, pipeline="core.training_stages", poll_s=0.05):
        restored = TrainingStore(engine).get(run_id, training.id)
    assert (restored.state, restored.settings) == ("stopped", training.settings)
    folder = training_folder(home.run(run_id), 0, training.id).root
    assert (folder / WORK / "checkpoint.npz").read_bytes() == b"learned"


def test_killed_it_goes_on_and_ends_with_the_same_samples_and_all_files(site):
    desk, run_id = site
    training = desk.start(run_id, 0, small(samples=128 * 40, checkpoint_s=0.8))
    wait_for(lambda: (work_of(desk, training) / "checkpoint.npz").exists(), 90)
    wait_for(lambda: samples_of(desk, training) >= 128 * 15, 90)
    os.kill(trainer_of(desk, training), signal.SIGKILL)
    record = ended(desk, training)
    assert (record.state, record.error, record.fraction) == ("done", None, 1.0)
    work = work_of(desk, training)
    assert load_checkpoint(work)["samples"] == 128 * 40
    assert len(load_checkpoint(work)["resumed_at"]) == 1
    samples = [line["samples"] for line in read_curve(work) if "reward" in line]
    assert samples == [128 * i for i in range(1, 41)]  # one curve, without a gap or anything twice
    folder = work.parent
    assert {p.name for p in folder.iterdir()} >= {"policy.zip", "policy.onnx", "play.py", "card.md", "reference.txt"}
    assert onnxruntime.InferenceSession(folder / "policy.onnx").get_inputs()[0].name == "observations"
    shown = sorted(int(p.stem) for p in (folder / "checkpoints").glob("*.glb"))
    assert shown[-1] == 128 * 40
    assert set(shown) <= {line["samples"] for line in read_curve(work) if "return" in line}
    rollouts = desk.home.run(run_id).person(0) / "rollouts"
    assert Rollout.load(rollouts / f"policy-{training.id}.npz").tracker
    assert (rollouts / f"policy-{training.id}-body.glb").stat().st_size > 10_000
    # What a training goes on from is nobody's to download.
    assert not [p for p in desk.home.run(run_id).artifacts() if WORK in p.parts]


def test_stopped_within_seconds_it_keeps_its_checkpoint_and_the_next_one_begins(site):
    desk, run_id = site
    first = desk.start(run_id, 0, small(samples=10**9, checkpoint_s=1.0))
    second = desk.start(run_id, 0, small(samples=10**9))
    wait_for(lambda: (work_of(desk, first) / "training.json").exists(), 90)
    assert desk.store.get(run_id, second.id).ahead == 1
    began = time.monotonic()
    desk.stop(run_id, first.id)
    assert ended(desk, first).state == "stopped"
    assert time.monotonic() - began < 30  # 3 s where the machine has nothing else to do
    stopped_at = load_checkpoint(work_of(desk, first))["samples"]
    wait_for(lambda: desk.store.get(run_id, second.id).state == "running", 120)
    assert (work_of(desk, first).parent / "policy.onnx").is_file()  # before the next one begins
    desk.stop(run_id, second.id)
    assert ended(desk, second).state == "stopped"
    resumed = desk.resume(run_id, first.id, None, 60 * MINUTES)
    assert (resumed.state, resumed.stop_requested) == ("queued", False)
    wait_for(lambda: samples_of(desk, first) > stopped_at, 90)
    desk.stop(run_id, first.id)
    assert ended(desk, first).state == "stopped"
    assert load_checkpoint(work_of(desk, first))["resumed_at"][0] == stopped_at


def test_one_that_waits_is_stopped_at_once(idle):
    desk, run_id = idle
    training = desk.start(run_id, 0, small())
    assert desk.stop(run_id, training.id).state == "stopped"
    assert desk.store.stop_requested(training.id)
    assert not desk.store.begin(training.id)


def test_a_deleted_run_trains_nothing(idle):
    desk, run_id = idle
    training = desk.start(run_id, 0, small())
    assert not desk.store.stop_requested(training.id)
    desk.runs.delete(run_id)
    assert desk.store.stop_requested(training.id)
    desk.runs.purge(run_id)
    assert desk.store.called(training.id) is None
    assert desk.store.stop_requested(training.id)


def test_what_makes_no_sense_is_refused(idle):
    desk, run_id = idle
    with pytest.raises(BadInputError, match="above zero"):
        small(samples=0)
    with pytest.raises(BadInputError, match="person 1 has none"):
        desk.start(run_id, 1, small())
    with pytest.raises(RunNotFoundError):
        desk.start(new_run_id(), 0, small())
    training = desk.start(run_id, 0, small())
    other = add_run(desk.home, desk.runs)
    with pytest.raises(RunNotFoundError, match="no such training"):
        desk.stop(other, training.id)
    desk.store.end(training.id, "done")
    with pytest.raises(BadInputError, match="spent"):
        desk.resume(run_id, training.id, None, 60 * MINUTES)
    for more in (0.0, -5.0, 61 * MINUTES, float("nan")):
        with pytest.raises(BadInputError, match="Choose fewer"):
            desk.resume(run_id, training.id, more, 60 * MINUTES)
    assert desk.resume(run_id, training.id, 30.0, 60 * MINUTES).settings["training"]["seconds"] == 30.0


def test_nobody_queues_without_end(idle):
    desk, run_id = idle
    for _ in range(MOST_AT_ONCE):
        desk.start(run_id, 0, small())
    with pytest.raises(TooManyRunsError, match="Wait for one"):
        desk.start(run_id, 0, small())
    bob = add_run(desk.home, desk.runs, owner="bob")
    assert desk.start(bob, 0, small()).state == "queued"


def test_nobody_trains_on_the_runs_of_others(idle):
    desk, run_id = idle
    bobs = TrainingDesk(OwnedRuns(desk.runs.engine, lambda: "bob"), desk.home, desk._client)
    training = desk.start(run_id, 0, small())
    for act in (
        lambda: bobs.start(run_id, 0, small()),
        lambda: bobs.stop(run_id, training.id),
        lambda: bobs.resume(run_id, training.id, 1.0, 60.0),
    ):
        with pytest.raises(RunNotFoundError):
            act()
