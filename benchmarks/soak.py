"""Does every run end, once, whatever is killed? Workers, and what computes for them, get SIGKILL at random moments.

    python -m benchmarks.soak [--kills 100] [--workers 2] [--runs-per-kill 2] [--seed 0] [--sqlite]

On a PostgreSQL of its own (or on SQLite) with a pipeline that computes next to nothing. Prints reliability.runs_lost
(not ended, or ended without a reason that a person could read), .runs_doubled (two processes at one stage at once),
.artifacts_damaged, .runs_failed (ended, with the reason that a stage's process was killed twice) and .kills.
"""

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import light_pipeline, report
from core.jobs.database import make_engine
from core.jobs.home import Home, new_run_id
from core.jobs.migrate import upgrade
from core.jobs.store import RunStore
from core.jobs.submit import Submission
from core.jobs.worker import make_client, prepare_queue
from tools.temporary_postgres import running_postgres

_WAIT_S = 300.0


@dataclass
class Figures:
    """What came out."""

    kills: int = 0
    runs: int = 0
    lost: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


class Workers:
    """Worker processes by name; each is started anew as soon as it was killed."""

    def __init__(self, url: str, home: Path, names: list[str]) -> None:
        more = {"UNDERSTUDY_DATABASE_URL": url, "UNDERSTUDY_HOME": str(home)}
        self._environment = os.environ | more | {"UNDERSTUDY_PIPELINE": "benchmarks.light_pipeline"}
        self._log = (home / "workers.log").open("a")
        self._processes = {name: self._start(name) for name in names}

    def kill(self, dice: random.Random) -> None:
        """SIGKILL to one of the workers, or to the process that computes for it."""
        name = dice.choice(sorted(self._processes))
        process = self._processes[name]
        children = children_of(process.pid)
        if children and dice.random() < 0.5:
            with contextlib.suppress(ProcessLookupError):
                os.kill(dice.choice(children), signal.SIGKILL)
            return
        process.kill()
        process.wait()
        self._processes[name] = self._start(name)

    def stop(self) -> None:
        """End all of them."""
        for process in self._processes.values():
            process.kill()
            process.wait()
        self._log.close()

    def _start(self, name: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "webapp", "worker", "--name", name]
        return subprocess.Popen(command, env=self._environment, stdout=self._log, stderr=self._log)


def children_of(pid: int) -> list[int]:
    """Child processes, by the kernel's word."""
    try:
        return [int(c) for t in Path(f"/proc/{pid}/task").iterdir() for c in (t / "children").read_text().split()]
    except FileNotFoundError:
        return []


def soak(url: str, root: Path, kills: int, workers: int, runs_per_kill: float, seed: int) -> Figures:
    """Feed runs to the workers while they are killed, wait for the end of all, and look at what is left."""
    dice, home, engine = random.Random(seed), Home(root), make_engine(url)
    upgrade(engine)
    prepare_queue(engine)
    client, store, figures = make_client(engine), RunStore(engine), Figures()
    submission = Submission(store, home, client, light_pipeline)
    crew = Workers(url, root, [f"w{i}" for i in range(workers)])
    seeds: dict[str, int] = {}
    try:
        for _ in range(kills):
            for _ in range(round(runs_per_kill)):
                seeds[_start_run(store, submission, home, len(seeds))] = len(seeds)
            time.sleep(dice.uniform(0.3, 3.0))
            crew.kill(dice)
            figures.kills += 1
        deadline = time.monotonic() + _WAIT_S
        while store.unfinished() and time.monotonic() < deadline:
            time.sleep(0.5)
    finally:
        crew.stop()
        client.destroy()
    for run_id, number in seeds.items():
        _judge(figures, store, home, run_id, number)
    figures.runs = len(seeds)
    engine.dispose()
    return figures


def _start_run(store: RunStore, submission: Submission, home: Home, seed: int) -> str:
    run_id = new_run_id()
    home.run(run_id).root.mkdir(parents=True)
    stages = [(stage.name, stage.title) for stage in light_pipeline.STAGES]
    settings = light_pipeline.RunSettings(seed=seed).to_json()
    store.create(run_id, "soak", "none", settings, stages)
    submission.queue_again([run_id])
    return run_id


def _judge(figures: Figures, store: RunStore, home: Home, run_id: str, seed: int) -> None:
    run, folder = store.get(run_id), home.run(run_id)
    if run.state == "failed" and run.error and "ended unexpectedly" in run.error:
        figures.failed.append(run_id)
    elif run.state != "done":
        figures.lost.append(run_id)
    elif not light_pipeline.is_whole(folder, seed):
        figures.damaged.append(run_id)
    if (folder.root / "doubled").exists():
        figures.doubled.append(run_id)


@contextlib.contextmanager
def _database(sqlite: bool, root: Path) -> Iterator[str]:
    if sqlite:
        yield Home(root).database_url
    else:
        with running_postgres() as url:
            yield url


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs-per-kill", type=float, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sqlite", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _database(given.sqlite, Path(folder)) as url:
        figures = soak(url, Path(folder), given.kills, given.workers, given.runs_per_kill, given.seed)
    report("reliability.kills", figures.kills, "kills")
    report("reliability.runs", figures.runs, "runs")
    report("reliability.runs_lost", len(figures.lost), "runs")
    report("reliability.runs_doubled", len(figures.doubled), "runs")
    report("reliability.artifacts_damaged", len(figures.damaged), "runs")
    report("reliability.runs_failed", len(figures.failed), "runs")


if __name__ == "__main__":
    main()
