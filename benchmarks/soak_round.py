"""One round of benchmarks.soak: a site of its own, kills at random moments, and a look at what is left."""

import contextlib
import os
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import onnxruntime

from benchmarks import light_pipeline
from benchmarks.serving import Crew
from core.imitation.ppo.checkpoints import load_checkpoint
from core.imitation.ppo.curve import read_curve
from core.jobs.database import make_engine
from core.jobs.home import Home, new_run_id
from core.jobs.migrate import upgrade
from core.jobs.store import RunStore
from core.jobs.submit import Submission
from core.jobs.training_desk import TrainingDesk
from core.jobs.trainings import TrainingRecord
from core.jobs.worker import make_client, prepare_queue
from core.training_folder import WORK, training_folder
from tests.support.trainings import clip, small

_WAIT_S = 900.0
_KILLED_TWICE = "ended unexpectedly"  # which is said where a run's or training's process died again and again
_ITERATION, _ITERATIONS = 128, 300


@dataclass(frozen=True)
class Plan:
    """What a round does."""

    kills: int = 10
    workers: int = 2
    """Beside the one within the site."""
    runs_per_kill: int = 2
    trainings: int = 1
    site: bool = True
    """Whether a site is served, takes the runs in and is killed, too."""
    pause_s: float = 5.0
    """Mean time between kills."""
    seed: int = 0


@dataclass
class Figures:
    """What came out: numbers, and ids of runs and trainings."""

    kills_of: dict[str, int] = field(default_factory=dict)
    runs: int = 0
    trainings: int = 0
    lost: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Those that were gone on with after the kills, since their process had been killed again and again."""
    doubled: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    """What those that were lost say themselves: how they ended, and the end of their log."""


def soak(url: str, root: Path, plan: Plan) -> Figures:
    """Feed runs and trainings to the crew while it is killed, wait for the end of all, and judge them."""
    dice, home, engine = random.Random(plan.seed), Home(root), make_engine(url)
    upgrade(engine)
    prepare_queue(engine)
    client, store, figures = make_client(engine), RunStore(engine), Figures()
    submission, desk = Submission(store, home, client, light_pipeline), TrainingDesk(store, home, client)
    settings = {"UNDERSTUDY_DATABASE_URL": url, "UNDERSTUDY_PIPELINE": "benchmarks.light_pipeline"}
    crew = Crew(root, settings | {"UNDERSTUDY_STARTS_PER_MINUTE": "10000", "UNDERSTUDY_RUNS_PER_USER": "500"})
    taken: list[str] = []
    try:
        trained = [_start_training(store, desk, home) for _ in range(plan.trainings)]
        for name in (["site"] if plan.site else []) + [f"w{i}" for i in range(plan.workers)]:
            crew.start(name)
        if plan.site:
            crew.wait_until_up()
        for _ in range(plan.kills):
            taken += [_start_run(crew, store, submission, home) for _ in range(plan.runs_per_kill)]
            time.sleep(dice.uniform(0.2, 2 * plan.pause_s))
            kind = _kill_one(crew, dice)
            figures.kills_of[kind] = figures.kills_of.get(kind, 0) + 1
        _wait(store, desk)
        figures.failed = _try_again(store, submission, desk, trained)
        _wait(store, desk)
    finally:
        crew.stop(kill=True)
        client.destroy()
    everything = {run.id for run in store.recent(100_000)} - {training.run_id for training in trained}
    figures.lost += sorted(set(taken) - everything)
    for run_id in sorted(everything):
        _judge_run(figures, store, home, run_id)
    for training in trained:
        _judge_training(figures, desk, training)
    figures.runs, figures.trainings = len(everything), len(trained)
    engine.dispose()
    return figures


def children_of(pid: int) -> list[int]:
    """Child processes, by the kernel's word."""
    try:
        return [int(c) for t in Path(f"/proc/{pid}/task").iterdir() for c in (t / "children").read_text().split()]
    except FileNotFoundError:
        return []


def _wait(store: RunStore, desk: TrainingDesk) -> None:
    """Until all has ended, or long enough."""
    deadline = time.monotonic() + _WAIT_S
    while (store.unfinished() or desk.store.unended()) and time.monotonic() < deadline:
        time.sleep(0.5)


def _try_again(store: RunStore, submission: Submission, desk: TrainingDesk, trained: list[TrainingRecord]) -> list[str]:
    """Go on with what failed for the reason that its process was killed again and again, as a person would; its ids."""
    again = []
    for run in store.recent(100_000):
        if run.state == "failed" and _KILLED_TWICE in (run.error or ""):
            again.append(submission.retry(run.id).id)
    for begun in trained:
        training = desk.store.get(begun.run_id, begun.id)
        if training.state == "failed" and _KILLED_TWICE in (training.error or ""):
            again.append(desk.resume(training.run_id, training.id, None, 3600.0).id)
    return again


def _kill_one(crew: Crew, dice: random.Random) -> str:
    """SIGKILL to the site, to a worker, or to what computes for them; says to which."""
    children = {pid: _kind_of(pid) for each in crew.processes.values() for pid in children_of(each.pid)}
    computing = sorted(pid for pid, kind in children.items() if kind)
    kind = dice.choice(("processes", "children"))
    if kind == "children" and computing:
        chosen = dice.choice(computing)
        with contextlib.suppress(ProcessLookupError):
            os.kill(chosen, signal.SIGKILL)
        return children[chosen]
    name = dice.choice(sorted(crew.processes))
    crew.kill(name)
    crew.start(name)
    return "site" if name == "site" else "worker"


def _kind_of(pid: int) -> str:
    """What a child computes; empty where it is no stage's process."""
    try:
        if b"stage_server" not in Path(f"/proc/{pid}/cmdline").read_bytes():
            return ""
        return "training" if os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, 0) else "run"
    except OSError:
        return ""


def _start_run(crew: Crew, store: RunStore, submission: Submission, home: Home) -> str:
    """Through the site; where that is down or was never served, past it. The id of a run that was taken in."""
    if "site" in crew.processes:
        with contextlib.suppress(httpx.HTTPError, KeyError, ValueError):
            form = {"sample": "walker", "physics": "none"}
            return str(httpx.post(f"{crew.url}/api/runs", data=form, timeout=20).json()["id"])
    run_id = new_run_id()
    home.run(run_id).root.mkdir(parents=True)
    stages = [(stage.name, stage.title) for stage in light_pipeline.STAGES]
    store.create(run_id, "soak", "none", light_pipeline.RunSettings().to_json(), stages)
    submission.queue_again([run_id])
    return run_id


def _start_training(store: RunStore, desk: TrainingDesk, home: Home) -> TrainingRecord:
    run_id = store.create(new_run_id(), "A walk", "a.mp4", {}, []).id
    store.finish(run_id, "done")
    clip("walk").save(home.run(run_id).person(0) / "reference.txt")
    return desk.start(run_id, 0, small(samples=_ITERATION * _ITERATIONS, checkpoint_s=1.0))


def _judge_run(figures: Figures, store: RunStore, home: Home, run_id: str) -> None:
    run, folder = store.get(run_id), home.run(run_id)
    if run.state != "done":
        _note_lost(figures, run_id, f"{run.state}: {run.error}", home.log(run_id))
    elif not light_pipeline.is_whole(folder):
        figures.damaged.append(run_id)
    if (folder.root / "doubled").exists():
        figures.doubled.append(run_id)


def _judge_training(figures: Figures, desk: TrainingDesk, begun: TrainingRecord) -> None:
    """Done, with one curve in which nothing is missing or twice, and files that can be read."""
    training = desk.store.get(begun.run_id, begun.id)
    if training.state != "done":
        _note_lost(figures, training.id, f"{training.state}: {training.error}", desk.home.log(training.run_id))
        return
    folder = training_folder(desk.home.run(training.run_id), 0, training.id).root
    try:
        samples = [line["samples"] for line in read_curve(folder / WORK) if "reward" in line]
        whole = load_checkpoint(folder / WORK)["samples"] == _ITERATION * _ITERATIONS
        onnxruntime.InferenceSession(folder / "policy.onnx")
    except Exception as error:
        print(f"{training.id}: {error!r}")
        whole, samples = False, []
    if not whole or samples != [_ITERATION * (i + 1) for i in range(_ITERATIONS)]:
        figures.damaged.append(training.id)


def _note_lost(figures: Figures, lost: str, said: str, log: Path) -> None:
    figures.lost.append(lost)
    figures.reasons[lost] = said + "\n" + (log.read_text()[-3000:] if log.exists() else "")
